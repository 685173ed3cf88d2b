/* Debian 12's user-mode-linux keeps 2696 bytes of FPU state per process; the host's ptrace accepts
   only the whole state, which is larger on a CPU with AMX. Widen the state on its way to the host. */
#define _GNU_SOURCE
#include <stdarg.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>
enum { PEEK_FIRST = 1, PEEK_LAST = 3, GETREGSET = 0x4204, SETREGSET = 0x4205, XSTATE = 0x202 };
static char wide[65536] __attribute__((aligned(64)));  /* static: UML's kernel stacks are small */

long ptrace(int request, ...)
{
    va_list list;
    va_start(list, request);
    int pid = va_arg(list, int);
    unsigned long addr = va_arg(list, unsigned long);
    void *data = va_arg(list, void *);
    va_end(list);
    if (request >= PEEK_FIRST && request <= PEEK_LAST) {
        long word;
        return syscall(SYS_ptrace, request, pid, addr, &word) < 0 ? -1 : word;
    }
    if (addr != XSTATE || (request != GETREGSET && request != SETREGSET))
        return syscall(SYS_ptrace, request, pid, addr, data);
    struct iovec *small = data, whole = { wide, sizeof wide };
    long result = syscall(SYS_ptrace, GETREGSET, pid, addr, &whole);
    if (result < 0 || whole.iov_len <= small->iov_len)
        return syscall(SYS_ptrace, request, pid, addr, data);
    if (request == GETREGSET) {
        memcpy(small->iov_base, wide, small->iov_len);
        return result;
    }
    memcpy(wide, small->iov_base, small->iov_len);
    *(unsigned long *)(wide + 512) &= 0x3ff;  /* XSTATE_BV: only what fits into 2696 bytes */
    return syscall(SYS_ptrace, SETREGSET, pid, addr, &whole);
}
