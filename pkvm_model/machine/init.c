/*
 * The only program in the emulated machine. It needs no C library and is started by the kernel as /init.
 *
 * It prints what a debugger needs to know (lines that begin with a capital letter and a blank), then obeys orders, one a
 * line, from the console:
 *
 *   vm TYPE VCPUS   make a VM of this type in hexadecimal, let each vCPU run once, close everything
 *   park            bind one process to each CPU, which makes system call getpgid for ever
 *   off             switch the machine off
 *
 * Each order is answered with a line "Done RESULT". Debian 12's cross compiler makes the program in this folder with
 *
 *   aarch64-linux-gnu-gcc -Os -std=gnu11 -Wall -Wextra -Werror -ffreestanding -fno-builtin -nostdlib -static -fno-stack-protector -fno-asynchronous-unwind-tables -fno-pie -no-pie -mgeneral-regs-only -mbranch-protection=none -Wl,--build-id=none -Wl,-z,max-page-size=4096 -Wl,-z,noseparate-code -s -o init init.c
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
#define NR_PREAD 67
#define NR_SYSLOG 116
#define NR_AFFINITY 122
#define NR_REBOOT 142
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
#define HUGE_PAGE 0x200000UL
#define HUGE_PAGES 8
#define GUEST_BASE 0x40000000UL
#define GUEST_SIZE 0x200000UL
#define MOST_VCPUS 8
#define MOST_CPUS 8

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

/* Memory in large pieces whose places are known: the host's structs and pages are laid out in it. */
static void say_memory(void)
{
	number file = open("/proc/self/pagemap", 0);

	for (int i = 0; i < HUGE_PAGES; i++) {
		word at = map(HUGE_PAGE, 0x48022, -1), entry = 0;

		if ((number)at < 0 && (number)at > -4096)
			break;
		call(NR_PREAD, (word)file, (word)&entry, 8, at / 4096 * 8, 0, 0);
		say("M");
		say_number((number)(entry & 0x7fffffffffffffUL) * 4096);
		say("\n");
	}
	close(file);
}

struct vcpu {
	number file;
	word run, size;
};

static number make_vcpu(number kvm, number vm, word id, struct vcpu *vcpu)
{
	unsigned int init[8] = {0};
	word pc = GUEST_BASE, one[2] = {REGISTER_PC, (word)&pc};
	number ret;

	vcpu->file = ioctl(vm, KVM_CREATE_VCPU, id);
	if (vcpu->file < 0)
		return vcpu->file;
	ret = ioctl(vm, KVM_ARM_PREFERRED_TARGET, (word)init);
	if (!ret)
		ret = ioctl(vcpu->file, KVM_ARM_VCPU_INIT, (word)init);
	if (!ret)
		ret = ioctl(vcpu->file, KVM_SET_ONE_REG, (word)one);
	vcpu->size = (word)ioctl(kvm, KVM_GET_VCPU_MMAP_SIZE, 0);
	vcpu->run = map(vcpu->size, 1, vcpu->file);
	return ret;
}

/* The guest stores to an address without memory, so that it leaves at once, and would go on for ever. */
static number give_memory(number vm, word memory)
{
	unsigned int *code = (unsigned int *)memory;
	word slot[4] = {0, GUEST_BASE, GUEST_SIZE, memory};

	code[0] = 0xd2a10000;
	code[1] = 0xf9000000;
	code[2] = 0x17ffffff;
	return ioctl(vm, KVM_SET_USER_MEMORY_REGION, (word)slot);
}

static number live(word type, word vcpus)
{
	static struct vcpu all[MOST_VCPUS];
	number kvm = open("/dev/kvm", 2), vm = ioctl(kvm, KVM_CREATE_VM, type), ret = vm;
	word memory = map(GUEST_SIZE, 0x22, -1), made = 0;

	if (vm < 0 || vcpus > MOST_VCPUS)
		goto out;
	call(NR_MADVISE, memory, GUEST_SIZE, 15, 0, 0, 0);
	ret = give_memory(vm, memory);
	for (; !ret && made < vcpus; made++)
		ret = make_vcpu(kvm, vm, made, &all[made]);
	for (word i = 0; !ret && i < made; i++)
		ret = ioctl(all[i].file, KVM_RUN, 0);
	for (word i = 0; i < made; i++) {
		call(NR_MUNMAP, all[i].run, all[i].size, 0, 0, 0, 0);
		close(all[i].file);
	}
	close(vm);
out:
	call(NR_MUNMAP, memory, GUEST_SIZE, 0, 0, 0, 0);
	close(kvm);
	return ret;
}

static number bind(word cpu)
{
	word mask = 1UL << cpu;

	return call(NR_AFFINITY, 0, sizeof(mask), (word)&mask, 0, 0, 0);
}

static number park(void)
{
	number cpus = 0;

	for (word cpu = MOST_CPUS; cpu-- > 0;)
		if (!bind(cpu)) {
			cpus++;
			if (call(NR_CLONE, 17, 0, 0, 0, 0, 0) == 0)
				for (;;)
					call(NR_GETPGID, 0, 0, 0, 0, 0, 0);
		}
	return cpus;
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

static number obey(const char *order)
{
	if (begins(order, "vm ")) {
		word type;

		order += 3;
		type = read_number(&order);
		return live(type, read_number(&order));
	}
	if (begins(order, "park"))
		return park();
	if (begins(order, "off"))
		return call(NR_REBOOT, 0xfee1dead, 672274793, 0x4321fedc, 0, 0, 0);
	return -22;
}

static void obey_orders(void)
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
		say("Done");
		say_number(obey(order));
		say("\n");
	}
}

void _start(void)
{
	call(NR_MKDIRAT, (word)HERE, (word)"/proc", 0555, 0, 0, 0);
	call(NR_MOUNT, (word)"proc", (word)"/proc", (word)"proc", 0, 0, 0);
	call(NR_MOUNT, (word)"dev", (word)"/dev", (word)"devtmpfs", 0, 0, 0);
	say_release();
	say_log();
	say_memory();
	say_symbols();
	say("Ready\n");
	obey_orders();
	for (;;)
		call(NR_GETPGID, 0, 0, 0, 0, 0, 0);
}
