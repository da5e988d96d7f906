/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The supervisor: reads and checks the file, opens sockets and directories,
 * starts the roles, joins them by links, restarts what dies, reloads, drains
 * and stops in order. It parses nothing that comes from a wire.
 */
#ifndef GATEWAY_SUPERVISOR_H
#define GATEWAY_SUPERVISOR_H

/* Runs until a signal ends it. dir: where the programs lie. Returns the exit
 * status: 0, or 2 when it could not start (the reason has been logged). */
int supervisor_run(const char *conf_path, const char *dir);

#endif
