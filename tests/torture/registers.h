/* registers.h - the registers of a stopped thread at a system call. */
#ifndef TORTURE_REGISTERS_H
#define TORTURE_REGISTERS_H

#include <elf.h>
#include <linux/audit.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/ptrace.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <sys/user.h>

#ifdef __aarch64__

typedef struct user_regs_struct registers;
enum { NATIVE_ARCH = AUDIT_ARCH_AARCH64 };

static inline int call_number(const registers *r)
{
    return (int)r->regs[8];
}

static inline uint64_t call_argument(const registers *r, int i)
{
    return r->regs[i];
}

static inline void set_third_argument(registers *r, uint64_t value)
{
    r->regs[2] = value;
}

static inline void set_result(registers *r, int64_t value)
{
    r->regs[0] = (uint64_t)value;
}

/* The kernel takes the number of the call from a set of its own. */
static inline bool skip_call(pid_t thread, registers *r)
{
    (void)r;
    int none = -1;
    struct iovec part = { &none, sizeof none };
    return ptrace(PTRACE_SETREGSET, thread, NT_ARM_SYSTEM_CALL, &part) == 0;
}

#else

typedef struct user_regs_struct registers;
enum { NATIVE_ARCH = (int)AUDIT_ARCH_X86_64 };

static inline int call_number(const registers *r)
{
    return (int)r->orig_rax;
}

static inline uint64_t call_argument(const registers *r, int i)
{
    return i == 0 ? r->rdi : i == 1 ? r->rsi : r->rdx;
}

static inline void set_third_argument(registers *r, uint64_t value)
{
    r->rdx = value;
}

static inline void set_result(registers *r, int64_t value)
{
    r->rax = (uint64_t)value;
}

static inline bool skip_call(pid_t thread, registers *r)
{
    (void)thread;
    r->orig_rax = (unsigned long long)-1;
    return true;
}

#endif

static inline bool read_registers(registers *r, pid_t thread)
{
    struct iovec part = { r, sizeof *r };
    return ptrace(PTRACE_GETREGSET, thread, NT_PRSTATUS, &part) == 0;
}

static inline bool write_registers(pid_t thread, registers *r)
{
    struct iovec part = { r, sizeof *r };
    return ptrace(PTRACE_SETREGSET, thread, NT_PRSTATUS, &part) == 0;
}

#endif
