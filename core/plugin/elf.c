/* elf.c - reads a number from a shared object's data. Nothing in the file is trusted. */
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include "plugin/elf.h"

#define MOST_BYTES ((off_t)1 << 30) /* of a plugin, which is 16 KiB to some MiB */

struct file {
    const unsigned char *bytes;
    size_t size;
};

/* Copies a part of the file; false when it ends too early. (A copy, because the data may be unaligned.) */
static bool take(void *out, struct file f, uint64_t offset, size_t size)
{
    if (offset > f.size || size > f.size - offset)
        return false;
    memcpy(out, f.bytes + offset, size);
    return true;
}

static bool is_native(const Elf64_Ehdr *head)
{
    const uint16_t one = 1;
    unsigned char order = 0;
    memcpy(&order, &one, 1);
    return memcmp(head->e_ident, ELFMAG, SELFMAG) == 0 && head->e_ident[EI_CLASS] == ELFCLASS64 &&
           head->e_ident[EI_DATA] == (order ? ELFDATA2LSB : ELFDATA2MSB) && head->e_type == ET_DYN;
}

static bool section_at(Elf64_Shdr *out, struct file f, const Elf64_Ehdr *head, unsigned i)
{
    return head->e_shentsize == sizeof *out && i < head->e_shnum &&
           take(out, f, head->e_shoff + (uint64_t)i * sizeof *out, sizeof *out);
}

static bool is_named(struct file f, const Elf64_Shdr *names, uint32_t at, const char *name)
{
    size_t size = strlen(name) + 1;
    uint64_t offset = names->sh_offset + at;
    return at < names->sh_size && offset <= f.size && size <= f.size - offset &&
           memcmp(f.bytes + offset, name, size) == 0;
}

/* The table of exported symbols and their names. There is one, so the search is linear in the file's size, whatever it says. */
static bool find_tables(Elf64_Shdr *table, Elf64_Shdr *names, struct file f, const Elf64_Ehdr *head)
{
    for (unsigned i = 0; section_at(table, f, head, i); i++)
        if (table->sh_type == SHT_DYNSYM)
            return section_at(names, f, head, table->sh_link);
    return false;
}

/* The exported symbol's address at link time. */
static bool find_symbol(uint64_t *out, struct file f, const Elf64_Ehdr *head, const char *name)
{
    Elf64_Shdr table, names;
    if (!find_tables(&table, &names, f, head))
        return false;
    Elf64_Sym symbol;
    for (uint64_t at = 0; at < table.sh_size && take(&symbol, f, table.sh_offset + at, sizeof symbol);
         at += sizeof symbol) {
        if (symbol.st_shndx == SHN_UNDEF || ELF64_ST_TYPE(symbol.st_info) != STT_OBJECT ||
            !is_named(f, &names, symbol.st_name, name))
            continue;
        *out = symbol.st_value;
        return true;
    }
    return false;
}

/* Four bytes at an address; 0 where the file stores none (.bss). */
static uint32_t read_address(struct file f, const Elf64_Ehdr *head, uint64_t address)
{
    for (unsigned i = 0; i < head->e_phnum; i++) {
        Elf64_Phdr part;
        uint32_t v = 0;
        if (!take(&part, f, head->e_phoff + (uint64_t)i * sizeof part, sizeof part))
            break;
        if (part.p_type != PT_LOAD || address < part.p_vaddr || address - part.p_vaddr >= part.p_filesz)
            continue;
        return take(&v, f, part.p_offset + (address - part.p_vaddr), sizeof v) ? v : 0;
    }
    return 0;
}

int il_elf_word(uint32_t *out, bool *found, const char *path, const char *symbol, il_err *e)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK); /* a pipe is refused below, not waited for */
    if (fd < 0)
        return il_fail(e, IL_EPLUGIN, "cannot open the file: %s", strerror(errno));

    int rc = IL_OK;
    struct stat info;
    void *bytes = MAP_FAILED;
    if (fstat(fd, &info) == 0 && S_ISREG(info.st_mode) && info.st_size > 0 && info.st_size <= MOST_BYTES)
        bytes = mmap(NULL, (size_t)info.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
    close(fd);
    if (bytes == MAP_FAILED)
        return il_fail(e, IL_EPLUGIN, "is not a shared object for this machine");

    struct file f = { bytes, (size_t)info.st_size };
    Elf64_Ehdr head;
    uint64_t address = 0;
    if (!take(&head, f, 0, sizeof head) || !is_native(&head)) {
        rc = il_fail(e, IL_EPLUGIN, "is not a shared object for this machine");
    } else {
        *found = find_symbol(&address, f, &head, symbol);
        *out = *found ? read_address(f, &head, address) : 0;
    }
    munmap(bytes, f.size);
    return rc;
}
