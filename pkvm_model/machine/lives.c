/*
 * The program of the machine in which whole lives of virtual machines are recorded. It is started by the kernel as /init
 * and compiled as init.c is.
 *
 * It prints what a debugger needs to know, then lives: one process after the other obeys orders, one a line, from the
 * console. Numbers are hexadecimal; V is a VM, 0 or 1, and N a vCPU.
 *
 *   create V TYPE   make a VM of this type
 *   slot V          give it memory with a guest's program, 4 KB pages only
 *   delete V        take the memory out of the VM
 *   vcpu V N        make a vCPU, ready to run
 *   raw V N         make a vCPU and leave it so
 *   run V N         let a vCPU run to its next exit; also answered: reason, address, whether it writes, what it writes
 *   drop V N        close a vCPU
 *   shut V          close a VM
 *   unmap V         take the guest's memory out of this process
 *   read V PAGE     read a word of the guest's memory; also answered: the word. The result is the signal that this gave
 *   stand           make the system call getpgid once
 *   fork            leave everything to a child as well; when this process ends, the child obeys
 *   exit            end this process
 *
 * Each order is answered with a line "Done RESULT"; "exit" by the parent, with the status.
 */
#include "system.h"

#define NR_EXIT 93
#define NR_YIELD 124
#define NR_SIGACTION 134
#define NR_GETPPID 173
#define NR_WAIT 260
#define SIGSEGV 11
#define SIGBUS 7
#define PC_OF_SIGNAL 440
#define GUEST_BASE 0x80000000UL
#define GUEST_SIZE 0x200000UL
#define DATA_PAGE 0x10000UL
#define DATA_OF_VCPU 0x40000UL
#define UNBACKED 0x10000000UL
#define REGISTER(n) (0x6030000000100000UL + 2 * (n))

static struct vm {
	number file;
	word memory;
	struct vcpu {
		number file;
		word run;
	} vcpus[2];
} vms[2];

static number kvm;
static word run_size;
static volatile int fault;

static number set_register(const struct vcpu *vcpu, word id, word value)
{
	word one[2] = {id, (word)&value};

	return ioctl(vcpu->file, KVM_SET_ONE_REG, (word)one);
}

static number make_raw(struct vm *vm, word id)
{
	struct vcpu *vcpu = &vm->vcpus[id];

	vcpu->file = ioctl(vm->file, KVM_CREATE_VCPU, id);
	if (vcpu->file >= 0)
		vcpu->run = map(run_size, 1, vcpu->file);
	return vcpu->file;
}

static number make_vcpu(struct vm *vm, word id)
{
	struct vcpu *vcpu = &vm->vcpus[id];
	unsigned int init[8] = {0};
	number ret = make_raw(vm, id);

	if (ret >= 0)
		ret = ioctl(vm->file, KVM_ARM_PREFERRED_TARGET, (word)init);
	if (ret >= 0)
		ret = ioctl(vcpu->file, KVM_ARM_VCPU_INIT, (word)init);
	if (ret >= 0)
		ret = set_register(vcpu, REGISTER_PC, GUEST_BASE);
	if (ret >= 0)
		ret = set_register(vcpu, REGISTER(0), 0x100 * (id + 1));
	if (ret >= 0)
		ret = set_register(vcpu, REGISTER(1), UNBACKED);
	if (ret >= 0)
		ret = set_register(vcpu, REGISTER(2), GUEST_BASE + DATA_PAGE + DATA_OF_VCPU * id);
	return ret;
}

static number set_slot(struct vm *vm, word size)
{
	word slot[4] = {0, GUEST_BASE, size, vm->memory};

	return ioctl(vm->file, KVM_SET_USER_MEMORY_REGION, (word)slot);
}

/* The guest stores a number where no memory is and leaves; then it adds 1, stores it in a page, and goes on by a page. */
static number give_memory(struct vm *vm)
{
	unsigned int *code;

	vm->memory = map(GUEST_SIZE, 0x22, -1);
	call(NR_MADVISE, vm->memory, GUEST_SIZE, 15, 0, 0, 0);
	code = (unsigned int *)vm->memory;
	code[0] = 0xb9000020;
	code[1] = 0x11000400;
	code[2] = 0xb9000040;
	code[3] = 0x91400442;
	code[4] = 0x17fffffc;
	return set_slot(vm, GUEST_SIZE);
}

static number run(const struct vcpu *vcpu)
{
	const volatile unsigned char *at = (const unsigned char *)vcpu->run;
	number ret = ioctl(vcpu->file, KVM_RUN, 0);

	say("Done");
	say_number(ret);
	say_number(*(const volatile unsigned int *)(at + 8));
	say_number(*(const volatile number *)(at + 32));
	say_number(at[52]);
	say_number(*(const volatile unsigned int *)(at + 40));
	say("\n");
	return ret;
}

static number drop(struct vcpu *vcpu)
{
	call(NR_MUNMAP, vcpu->run, run_size, 0, 0, 0, 0);
	close(vcpu->file);
	return 0;
}

/* Go on behind the instruction that failed. */
static void note_fault(int signal, void *info, void *context)
{
	(void)info;
	fault = signal;
	*(word *)((char *)context + PC_OF_SIGNAL) += 4;
}

static void read_page(const struct vm *vm, word page)
{
	unsigned int value = 0;

	fault = 0;
	__asm__ volatile("ldr %w0, [%1]" : "+r"(value) : "r"(vm->memory + page * 4096) : "memory");
	say("Done");
	say_number(fault);
	say_number(value);
	say("\n");
}

static void catch_faults(void)
{
	word action[4] = {(word)note_fault, 4, 0, 0};

	call(NR_SIGACTION, SIGSEGV, (word)action, 0, 8, 0, 0);
	call(NR_SIGACTION, SIGBUS, (word)action, 0, 8, 0, 0);
}

static number leave_all(void)
{
	if (call(NR_CLONE, 17, 0, 0, 0, 0, 0) == 0) {
		while (call(NR_GETPPID, 0, 0, 0, 0, 0, 0) != 1)
			call(NR_YIELD, 0, 0, 0, 0, 0, 0);
		return 1;
	}
	return 0;
}

static number obey(const char *order, struct vm *vm, word number_given)
{
	struct vcpu *vcpu = &vm->vcpus[number_given % 2];

	if (begins(order, "create"))
		return vm->file = ioctl(kvm, KVM_CREATE_VM, number_given);
	if (begins(order, "slot"))
		return give_memory(vm);
	if (begins(order, "delete"))
		return set_slot(vm, 0);
	if (begins(order, "vcpu"))
		return make_vcpu(vm, number_given);
	if (begins(order, "raw"))
		return make_raw(vm, number_given);
	if (begins(order, "drop"))
		return drop(vcpu);
	if (begins(order, "shut"))
		return call(NR_CLOSE, (word)vm->file, 0, 0, 0, 0, 0);
	if (begins(order, "unmap"))
		return call(NR_MUNMAP, vm->memory, GUEST_SIZE, 0, 0, 0, 0);
	if (begins(order, "stand"))
		return call(NR_GETPGID, 0, 0, 0, 0, 0, 0);
	return -22;
}

static void answer(const char *order)
{
	const char *rest = order;
	word which, value;

	while (*rest > ' ')
		rest++;
	which = read_number(&rest) % 2;
	value = read_number(&rest);
	if (begins(order, "exit"))
		call(NR_EXIT, 0, 0, 0, 0, 0, 0);
	if (begins(order, "run")) {
		run(&vms[which].vcpus[value % 2]);
	} else if (begins(order, "read")) {
		read_page(&vms[which], value);
	} else if (!begins(order, "fork") || !leave_all()) {
		number ret = obey(order, &vms[which], value);

		say("Done");
		say_number(ret);
		say("\n");
	}
}

static void live(void)
{
	catch_faults();
	kvm = open("/dev/kvm", 2);
	run_size = (word)ioctl(kvm, KVM_GET_VCPU_MMAP_SIZE, 0);
	read_orders(answer);
}

void _start(void)
{
	begin();
	say_symbols();
	say("Ready\n");
	for (;;) {
		int status;

		if (call(NR_CLONE, 17, 0, 0, 0, 0, 0) == 0)
			live();
		while (call(NR_WAIT, (word)-1, (word)&status, 0, 0, 0, 0) > 0) {
			say("Done");
			say_number(status);
			say("\n");
		}
	}
}
