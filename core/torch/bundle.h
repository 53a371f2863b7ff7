/* bundle.h - what the readers and writers of weight files share. */
#ifndef IL_TORCH_BUNDLE_H
#define IL_TORCH_BUNDLE_H

#include <stdbool.h>
#include <inpaintlab/weights.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Adds without looking for the same name: the reader has done so. */
int il_bundle_append(il_bundle *b, const char *name, il_dtype dtype, int ndim, const int64_t *shape, const void *data,
                     il_err *e);

/* Whole numbers as int64_t: little-endian ones of `width` bytes; below 0: signed ones of -width bytes. */
void il_bundle_widen(void *out, const void *from, size_t count, int width);

/* Which tensors of a file to read; wanted NULL: all. */
typedef struct il_bundle_filter {
    bool (*wanted)(const char *name, const void *context);
    const void *context;
} il_bundle_filter;
/* il_bundle_read of some of the tensors: the others take no memory, and in safetensors are not looked at. */
int il_bundle_read_some(il_bundle **out, const char *path, il_bundle_filter f, il_err *e);
/* For the readers: whether this tensor is to be read. */
void il_bundle_filter_set(il_bundle *b, il_bundle_filter f);
bool il_bundle_wants(const il_bundle *b, const char *name);
il_tensor *il_bundle_lend(il_bundle *b, size_t i);

typedef struct il_bundle_text {
    const char *key, *text; /* lent */
} il_bundle_text;
size_t il_bundle_notes(const il_bundle *b);
il_bundle_text il_bundle_note_at(const il_bundle *b, size_t i);

/* From then on the file that the bundle is written to is sealed: it ends with a tensor that holds, as 64 hexadecimal
 * digits, the SHA-256 of all bytes before (`head -c -64 FILE | sha256sum`). Reading compares it, and leaves the tensor
 * out: IL_EFORMAT where a byte has changed. */
int il_bundle_seal(il_bundle *b, il_err *e);
bool il_bundle_sealed(const il_bundle *b); /* also: was read from a sealed file */
#define IL_SEAL "inpaintlab.sha256"        /* a note and the tensor, so that no single changed byte can hide the seal */
enum { IL_SEAL_SIZE = 64 };
/* placed: the tensor is where it should be, at the end of the file of that size. */
int il_seal_check(bool placed, int fd, uint64_t size, il_err *e);

/* Fill an empty bundle from an open file; fd stays open, size is the file's. Messages lack the path. */
int il_safetensors_read(il_bundle *b, int fd, uint64_t size, il_err *e);
/* IL_EFORMAT unless the file begins as safetensors do: a length that it may have, and a brace. */
int il_safetensors_look(const char *path, il_err *e);
int il_pth_read(il_bundle *b, int fd, uint64_t size, il_err *e);

/* Before libtorch, which compares no checksums, reads a TorchScript archive: that it is a zip archive whose entries are whole.
 * IL_EFORMAT; what they hold stays libtorch's to read. */
int il_script_check(int fd, uint64_t size, il_err *e);

/* Writes header and data, nothing else. */
struct il_atomic_file;
int il_safetensors_write(const il_bundle *b, struct il_atomic_file *w, il_err *e);

#ifdef __cplusplus
}
#endif
#endif
