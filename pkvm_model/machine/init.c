/*
 * The program of a machine that waits for calls. It needs no C library and is started by the kernel as /init.
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
#include "system.h"

#define NR_PREAD 67
#define NR_AFFINITY 122
#define NR_REBOOT 142
#define HUGE_PAGE 0x200000UL
#define HUGE_PAGES 8
#define GUEST_BASE 0x40000000UL
#define GUEST_SIZE 0x200000UL
#define MOST_VCPUS 8
#define MOST_CPUS 8

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

static void answer(const char *order)
{
	say("Done");
	say_number(obey(order));
	say("\n");
}

void _start(void)
{
	begin();
	say_memory();
	say_symbols();
	say("Ready\n");
	read_orders(answer);
	for (;;)
		call(NR_GETPGID, 0, 0, 0, 0, 0, 0);
}
