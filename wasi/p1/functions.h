// The functions of preview 1, as C++: the parameters are those of the witx file in its order, results last as
// addresses. See state.h for what Call is and how they fail. None needs an engine: tests call them over any bytes.
#pragma once

#include <cstdint>

#include "wasi/p1/state.h"

namespace wherry::wasi::p1 {

// surroundings.cc
Errno args_get(Call& call, uint32_t argv, uint32_t buffer);
Errno args_sizes_get(Call& call, uint32_t count_out, uint32_t size_out);
Errno environ_get(Call& call, uint32_t environ, uint32_t buffer);
Errno environ_sizes_get(Call& call, uint32_t count_out, uint32_t size_out);
Errno clock_res_get(Call& call, uint32_t id, uint32_t out);
Errno clock_time_get(Call& call, uint32_t id, uint64_t precision, uint32_t out);
Errno random_get(Call& call, uint32_t buffer, uint32_t size);
Errno sched_yield(Call& call);
Errno proc_raise(Call& call, uint32_t signal);
// Never succeeds: `call.patience.failure` holds the exit.
void proc_exit(Call& call, uint32_t code);

// fd.cc
Errno fd_advise(Call& call, uint32_t fd, uint64_t offset, uint64_t size, uint32_t advice);
Errno fd_allocate(Call& call, uint32_t fd, uint64_t offset, uint64_t size);
Errno fd_close(Call& call, uint32_t fd);
Errno fd_datasync(Call& call, uint32_t fd);
Errno fd_fdstat_get(Call& call, uint32_t fd, uint32_t out);
Errno fd_fdstat_set_flags(Call& call, uint32_t fd, uint32_t flags);
Errno fd_fdstat_set_rights(Call& call, uint32_t fd, uint64_t base, uint64_t inheriting);
Errno fd_filestat_get(Call& call, uint32_t fd, uint32_t out);
Errno unstable_fd_filestat_get(Call& call, uint32_t fd, uint32_t out);
Errno fd_filestat_set_size(Call& call, uint32_t fd, uint64_t size);
Errno fd_filestat_set_times(Call& call, uint32_t fd, uint64_t accessed, uint64_t modified, uint32_t flags);
Errno fd_renumber(Call& call, uint32_t from, uint32_t to);
Errno fd_seek(Call& call, uint32_t fd, int64_t offset, uint32_t whence, uint32_t out);
Errno unstable_fd_seek(Call& call, uint32_t fd, int64_t offset, uint32_t whence, uint32_t out);
Errno fd_sync(Call& call, uint32_t fd);
Errno fd_tell(Call& call, uint32_t fd, uint32_t out);

// fd_io.cc
Errno fd_pread(Call& call, uint32_t fd, uint32_t iovs, uint32_t count, uint64_t offset, uint32_t out);
Errno fd_pwrite(Call& call, uint32_t fd, uint32_t iovs, uint32_t count, uint64_t offset, uint32_t out);
Errno fd_read(Call& call, uint32_t fd, uint32_t iovs, uint32_t count, uint32_t out);
Errno fd_write(Call& call, uint32_t fd, uint32_t iovs, uint32_t count, uint32_t out);

// fd_dir.cc
Errno fd_prestat_get(Call& call, uint32_t fd, uint32_t out);
Errno fd_prestat_dir_name(Call& call, uint32_t fd, uint32_t path, uint32_t size);
Errno fd_readdir(Call& call, uint32_t fd, uint32_t buffer, uint32_t size, uint64_t cookie, uint32_t out);

// path.cc
Errno path_create_directory(Call& call, uint32_t fd, uint32_t path, uint32_t path_size);
Errno path_filestat_get(Call& call, uint32_t fd, uint32_t flags, uint32_t path, uint32_t path_size,
                        uint32_t out);
Errno unstable_path_filestat_get(Call& call, uint32_t fd, uint32_t flags, uint32_t path, uint32_t path_size,
                                 uint32_t out);
Errno path_filestat_set_times(Call& call, uint32_t fd, uint32_t flags, uint32_t path, uint32_t path_size,
                              uint64_t accessed, uint64_t modified, uint32_t set);
Errno path_link(Call& call, uint32_t fd, uint32_t flags, uint32_t path, uint32_t path_size, uint32_t new_fd,
                uint32_t new_path, uint32_t new_path_size);
Errno path_open(Call& call, uint32_t fd, uint32_t lookup, uint32_t path, uint32_t path_size, uint32_t oflags,
                uint64_t base, uint64_t inheriting, uint32_t fdflags, uint32_t out);
Errno path_readlink(Call& call, uint32_t fd, uint32_t path, uint32_t path_size, uint32_t buffer,
                    uint32_t size, uint32_t out);
Errno path_remove_directory(Call& call, uint32_t fd, uint32_t path, uint32_t path_size);
Errno path_rename(Call& call, uint32_t fd, uint32_t path, uint32_t path_size, uint32_t new_fd,
                  uint32_t new_path, uint32_t new_path_size);
Errno path_symlink(Call& call, uint32_t target, uint32_t target_size, uint32_t fd, uint32_t path,
                   uint32_t path_size);
Errno path_unlink_file(Call& call, uint32_t fd, uint32_t path, uint32_t path_size);

// poll.cc
Errno poll_oneoff(Call& call, uint32_t subscriptions, uint32_t events, uint32_t count, uint32_t out);
Errno unstable_poll_oneoff(Call& call, uint32_t subscriptions, uint32_t events, uint32_t count, uint32_t out);

// sock.cc
Errno sock_accept(Call& call, uint32_t fd, uint32_t flags, uint32_t out);
Errno sock_recv(Call& call, uint32_t fd, uint32_t iovs, uint32_t count, uint32_t flags, uint32_t size_out,
                uint32_t flags_out);
Errno sock_send(Call& call, uint32_t fd, uint32_t iovs, uint32_t count, uint32_t flags, uint32_t out);
Errno sock_shutdown(Call& call, uint32_t fd, uint32_t how);

}  // namespace wherry::wasi::p1
