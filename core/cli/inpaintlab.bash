# bash completion for inpaintlab
_inpaintlab()
{
    local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]} command=${COMP_WORDS[1]} words=
    COMPREPLY=()
    if [ "$COMP_CWORD" -eq 1 ]; then
        mapfile -t COMPREPLY < <(compgen -W "plan run report sql plugins help --help --version" -- "$cur")
        return
    fi
    case $prev in
        --device) mapfile -t COMPREPLY < <(compgen -W "auto cpu cuda cuda:0" -- "$cur"); return ;;
        --format) mapfile -t COMPREPLY < <(compgen -W "text md csv latex json" -- "$cur"); return ;;
        --table) mapfile -t COMPREPLY < <(compgen -W "1 2 3 4 5 6 7 text" -- "$cur"); return ;;
        --db | -o) mapfile -t COMPREPLY < <(compgen -f -- "$cur"); return ;;
    esac
    case $command in
        plan) words="--db --only --set --help" ;;
        run) words="--db --device --only --set --threads --loader-threads --checkpoint --quiet --help" ;;
        report) words="--db --table --experiment --format -o --help" ;;
        sql) words="--db --format --help" ;;
        plugins) words="--help $(inpaintlab plugins 2>/dev/null | sed -n 's/^  \([a-z0-9_]*\) .*/\1/p')" ;;
    esac
    if [[ $cur == -* || $command == plugins ]]; then
        mapfile -t COMPREPLY < <(compgen -W "$words" -- "$cur")
    else
        mapfile -t COMPREPLY < <(compgen -f -X '!*.y*ml' -- "$cur"; compgen -d -- "$cur")
    fi
}
complete -o filenames -F _inpaintlab inpaintlab
