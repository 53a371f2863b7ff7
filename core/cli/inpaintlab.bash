# bash completion for inpaintlab. The program itself lists its options, once per shell: COMMAND;OPTION...;ARGUMENT;CHOICE|...
_inpaintlab_plugins() # [TITLE] : the plugins under that title, or all
{
    inpaintlab plugins 2>/dev/null | awk -v title="$1" '/^[a-z]/ { here = !title || $0 == title } here && /^  / { print $1 }'
}

_inpaintlab()
{
    local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]} command=${COMP_WORDS[1]} at=1
    local name options argument choices commands="" words="" value="" given=""
    COMPREPLY=()
    [ -n "${_inpaintlab_table-}" ] || _inpaintlab_table=$(inpaintlab help --options 2>/dev/null)
    if [[ $COMP_CWORD -gt 1 && $'\n'$_inpaintlab_table == *$'\n'"$command "* ]]; then # a group, such as `dataset build`
        command+=" ${COMP_WORDS[2]}" at=2
    fi
    while IFS=';' read -r name options argument choices; do
        [ $at = 1 ] && commands+=" ${name%% *}"
        [ $at = 2 ] && [ "${name%% *}" = "${COMP_WORDS[1]}" ] && commands+=" ${name##* }"
        [ "$name" = "$command" ] || continue
        words+=" ${options#-? }"
        [[ " $options " == *" $prev "* ]] && value=$argument given=${choices//|/ }
    done <<<"$_inpaintlab_table"

    if [ "$COMP_CWORD" -eq $at ]; then
        mapfile -t COMPREPLY < <(compgen -W "$commands help --help$([ $at = 1 ] && echo " --version")" -- "$cur" | uniq)
        return
    fi
    case $value in
        FILE | DIR | FOLDER) mapfile -t COMPREPLY < <(compgen -f -- "$cur"); return ;;
        DEVICE) given="auto cpu cuda cuda:0" ;;
        MODEL) given=$(_inpaintlab_plugins models) ;;
    esac
    if [ -n "$value" ]; then
        mapfile -t COMPREPLY < <(compgen -W "$given" -- "$cur")
        return
    fi
    if [[ $cur != -* ]]; then
        words=""
        case $command in
            new) [ "$COMP_CWORD" -eq 2 ] && words="model dataset loss mask-policy masker generator" ;;
            model) words=$(_inpaintlab_plugins models) ;;
            plugins) words=$(_inpaintlab_plugins "") ;;
            plan | run | slurm | "dataset build")
                mapfile -t COMPREPLY < <(compgen -f -X '!*.y*ml' -- "$cur"; compgen -d -- "$cur"); return ;;
            detect | check-plugin | weights | merge | dataset\ *) mapfile -t COMPREPLY < <(compgen -f -- "$cur"); return ;;
        esac
    fi
    mapfile -t COMPREPLY < <(compgen -W "$words" -- "$cur")
}
complete -o filenames -F _inpaintlab inpaintlab
