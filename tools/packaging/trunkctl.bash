# SPDX-License-Identifier: GPL-2.0-or-later
# bash completion for trunkctl
_trunkctl()
{
	local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]}
	local commands='status spans channels calls trunks explain nfas trace drain
		reload metrics performance span channel transfer'

	case $prev in
	--socket | -w)
		mapfile -t COMPREPLY < <(compgen -f -- "$cur")
		return
		;;
	nfas)
		mapfile -t COMPREPLY < <(compgen -W 'switch verify' -- "$cur")
		return
		;;
	reload)
		mapfile -t COMPREPLY < <(compgen -W --restart -- "$cur")
		return
		;;
	esac
	mapfile -t COMPREPLY < <(compgen -W \
		"$commands --json --socket --help" -- "$cur")
}
complete -F _trunkctl trunkctl
