/*
 * What the programs of the emulated machine have in common: the system's calls, and what they print about the kernel.
 * They need no C library.
 */
typedef unsigned long word;
typedef long number;

#define NR_IOCTL 29
#define NR_MKDIRAT 34
#define NR_MOUNT 40
#define NR_OPENAT 56
#define NR_CLOSE 57
#define NR_READ 63
#define NR_WRITE 64
#define NR_SYSLOG 116
#define NR_GETPGID 155
#define NR_UNAME 160
#define NR_MUNMAP 215
#define NR_CLONE 220
#define NR_MMAP 222
#define NR_MADVISE 233

#define KVM_CREATE_VM 0xae01
#define KVM_GET_VCPU_MMAP_SIZE 0xae04
#define KVM_CREATE_VCPU 0xae41
#define KVM_RUN 0xae80
#define KVM_SET_USER_MEMORY_REGION 0x4020ae46
#define KVM_SET_ONE_REG 0x4010aeac
#define KVM_ARM_VCPU_INIT 0x4020aeae
#define KVM_ARM_PREFERRED_TARGET 0x8020aeaf
#define REGISTER_PC 0x6030000000100040UL

#define HERE (-100)

static char text[1 << 16];

static number call(number nr, word a, word b, word c, word d, word e, word f)
{
	register word x0 __asm__("x0") = a;
	register word x1 __asm__("x1") = b;
	register word x2 __asm__("x2") = c;
	register word x3 __asm__("x3") = d;
	register word x4 __asm__("x4") = e;
	register word x5 __asm__("x5") = f;
	register word x8 __asm__("x8") = (word)nr;

	__asm__ volatile("svc #0" : "+r"(x0) : "r"(x1), "r"(x2), "r"(x3), "r"(x4), "r"(x5), "r"(x8) : "memory");
	return (number)x0;
}

static number ioctl(number file, word request, word argument)
{
	return call(NR_IOCTL, (word)file, request, argument, 0, 0, 0);
}

static number open(const char *path, word flags)
{
	return call(NR_OPENAT, (word)HERE, (word)path, flags, 0, 0, 0);
}

static void close(number file)
{
	call(NR_CLOSE, (word)file, 0, 0, 0, 0, 0);
}

static word map(word size, word flags, number file)
{
	return (word)call(NR_MMAP, 0, size, 3, flags, (word)file, 0);
}

static word length(const char *string)
{
	word n = 0;

	while (string[n])
		n++;
	return n;
}

static void print(const char *string, word size)
{
	while (size) {
		number done = call(NR_WRITE, 1, (word)string, size, 0, 0, 0);

		if (done <= 0)
			return;
		string += done;
		size -= (word)done;
	}
}

static void say(const char *string)
{
	print(string, length(string));
}

static void say_number(number value)
{
	char digits[24];
	int place = 23;
	word rest = value < 0 ? -(word)value : (word)value;

	do {
		digits[--place] = "0123456789abcdef"[rest % 16];
		rest /= 16;
	} while (rest);
	if (value < 0)
		digits[--place] = '-';
	say(" ");
	print(digits + place, (word)(23 - place));
}

static int begins(const char *string, const char *with)
{
	while (*with)
		if (*string++ != *with++)
			return 0;
	return 1;
}

static int is_same(const char *string, word size, const char *with)
{
	return size == length(with) && begins(string, with);
}

static int contains(const char *string, word size, const char *what)
{
	word n = length(what);

	for (word i = 0; i + n <= size; i++)
		if (begins(string + i, what))
			return 1;
	return 0;
}

static int is_wanted(const char *name, word size)
{
	return begins(name, "__kvm_nvhe_") || is_same(name, size, "__arm64_sys_getpgid") ||
	       is_same(name, size, "__arm_smccc_hvc") || is_same(name, size, "vectors");
}

/* A line of the symbol table: address, a letter, a name, perhaps a module in brackets. */
static void say_symbol(const char *line, word size)
{
	word end = 19;

	if (size < 20)
		return;
	while (end < size && line[end] != '\t' && line[end] != '\n')
		end++;
	if (!is_wanted(line + 19, end - 19))
		return;
	say("S ");
	print(line, 16);
	say(" ");
	print(line + 19, end - 19);
	say("\n");
}

static word say_symbols_of(word filled)
{
	word start = 0, place = 0;

	for (; place < filled; place++)
		if (text[place] == '\n') {
			text[place] = 0;
			say_symbol(text + start, place - start);
			start = place + 1;
		}
	for (place = start; place < filled; place++)
		text[place - start] = text[place];
	return filled - start;
}

static void say_symbols(void)
{
	number file = open("/proc/kallsyms", 0), got;
	word filled = 0;

	while ((got = call(NR_READ, (word)file, (word)text + filled, sizeof(text) - filled, 0, 0, 0)) > 0)
		filled = say_symbols_of(filled + (word)got);
	close(file);
}

/* What the kernel said about virtualisation while it booted. */
static void say_log(void)
{
	number size = call(NR_SYSLOG, 3, (word)text, sizeof(text) - 1, 0, 0, 0);
	word start = 0;

	for (word place = 0; size > 0 && place < (word)size; place++) {
		if (text[place] != '\n')
			continue;
		text[place] = 0;
		if (contains(text + start, place - start, "kvm [")) {
			say("L ");
			say(text + start);
			say("\n");
		}
		start = place + 1;
	}
}

static void say_release(void)
{
	static char names[6][65];

	call(NR_UNAME, (word)names, 0, 0, 0, 0, 0);
	say("K ");
	say(names[2]);
	say("\n");
}

/* What every program of the machine does first. */
static void begin(void)
{
	call(NR_MKDIRAT, (word)HERE, (word)"/proc", 0555, 0, 0, 0);
	call(NR_MOUNT, (word)"proc", (word)"/proc", (word)"proc", 0, 0, 0);
	call(NR_MOUNT, (word)"dev", (word)"/dev", (word)"devtmpfs", 0, 0, 0);
	say_release();
	say_log();
}

static word read_number(const char **string)
{
	word value = 0;

	while (**string == ' ')
		(*string)++;
	for (; **string > ' '; (*string)++)
		value = value * 16 + (word)(**string <= '9' ? **string - '0' : (**string | 32) - 'a' + 10);
	return value;
}

/* Hand each line that comes from the console to a function, until the console is closed. */
static void read_orders(void (*answer)(const char *order))
{
	static char order[256];
	word filled = 0;

	while (call(NR_READ, 0, (word)order + filled, 1, 0, 0, 0) == 1) {
		if (order[filled] != '\n') {
			filled += filled < sizeof(order) - 2;
			continue;
		}
		order[filled] = 0;
		filled = 0;
		answer(order);
	}
}
