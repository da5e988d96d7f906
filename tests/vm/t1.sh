#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The gateway on a T1 span of the real driver. (alone)
exec "$(dirname "$0")/gateway.sh" t1
