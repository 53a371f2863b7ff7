# bash completion for inpaintlab
_inpaintlab()
{
    local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]} command=${COMP_WORDS[1]} words=
    COMPREPLY=()
    if [ "$COMP_CWORD" -eq 1 ]; then
        mapfile -t COMPREPLY < <(compgen -W "plan run report compare sql detect dataset plugins help --help --version" -- "$cur")
        return
    fi
    if [ "$command" = dataset ] && [ "$COMP_CWORD" -eq 2 ]; then
        mapfile -t COMPREPLY < <(compgen -W "build check preview --help" -- "$cur")
        return
    fi
    case $prev in
        --as) mapfile -t COMPREPLY < <(compgen -W "dataset1 dataset2 inpainted" -- "$cur"); return ;;
        --device) mapfile -t COMPREPLY < <(compgen -W "auto cpu cuda cuda:0" -- "$cur"); return ;;
        --format) [ "$command" = report ] && words=html
            mapfile -t COMPREPLY < <(compgen -W "text md csv latex json $words" -- "$cur"); return ;;
        --table) mapfile -t COMPREPLY < <(compgen -W "1 2 3 4 5 6 7 text" -- "$cur"); return ;;
        --metric) mapfile -t COMPREPLY < <(compgen -W "iou f1 mcc auc" -- "$cur"); return ;;
        --db | --data | --weights | --calibrate | -o) mapfile -t COMPREPLY < <(compgen -f -- "$cur"); return ;;
    esac
    case $command in
        plan) words="--db --only --set --help" ;;
        run) words="--db --device --only --set --threads --loader-threads --checkpoint --examples --quiet --help" ;;
        report) words="--db --table --robustness --experiment --format -o --help" ;;
        sql) words="--db --data --format --functions --help" ;;
        compare) words="--db --metric --format --help" ;;
        detect) words="--run --db --weights --model --output --json --threshold --min-area --tile --overlap --memory"
                words+=" --calibrate --device --threads --quiet --help" ;;
        dataset)
            case ${COMP_WORDS[2]} in
                build) words="--output --device --threads --quiet --help" ;;
                check) words="--as --json --fast --threads --help" ;;
                preview) words="--count --split --seed --help" ;;
            esac ;;
        plugins) words="--help $(inpaintlab plugins 2>/dev/null | sed -n 's/^  \([a-z0-9_]*\) .*/\1/p')" ;;
    esac
    if [[ $command == detect && $cur != -* ]]; then
        mapfile -t COMPREPLY < <(compgen -f -- "$cur")
    elif [[ $cur == -* || $command == plugins ]]; then
        mapfile -t COMPREPLY < <(compgen -W "$words" -- "$cur")
    else
        mapfile -t COMPREPLY < <(compgen -f -X '!*.y*ml' -- "$cur"; compgen -d -- "$cur")
    fi
}
complete -o filenames -F _inpaintlab inpaintlab
