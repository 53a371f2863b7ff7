# bash completion for inpaintlab
_inpaintlab_models()
{
    inpaintlab plugins 2>/dev/null | sed -n '/^models/,/^losses/s/^  \([a-z0-9_]*\) .*/\1/p'
}

_inpaintlab()
{
    local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]} command=${COMP_WORDS[1]} words=
    COMPREPLY=()
    if [ "$COMP_CWORD" -eq 1 ]; then
        mapfile -t COMPREPLY < <(compgen -W "plan run report compare sql detect dataset model bench plugins new check-plugin weights export help --help --version" -- "$cur")
        return
    fi
    if [ "$command" = dataset ] && [ "$COMP_CWORD" -eq 2 ]; then
        mapfile -t COMPREPLY < <(compgen -W "build check preview --help" -- "$cur")
        return
    fi
    if [ "$command" = new ] && [ "$COMP_CWORD" -eq 2 ]; then
        mapfile -t COMPREPLY < <(compgen -W "model dataset loss mask-policy masker generator --help" -- "$cur")
        return
    fi
    if [ "$command" = export ] && [ "$prev" = --format ]; then
        mapfile -t COMPREPLY < <(compgen -W "csv json tensorboard" -- "$cur")
        return
    fi
    case $prev in
        --as) mapfile -t COMPREPLY < <(compgen -W "dataset1 dataset2 inpainted" -- "$cur"); return ;;
        --device) mapfile -t COMPREPLY < <(compgen -W "auto cpu cuda cuda:0" -- "$cur"); return ;;
        --format) [ "$command" = report ] && words=html
            mapfile -t COMPREPLY < <(compgen -W "text md csv latex json $words" -- "$cur"); return ;;
        --table) mapfile -t COMPREPLY < <(compgen -W "1 2 3 4 5 6 7 text" -- "$cur"); return ;;
        --metric) mapfile -t COMPREPLY < <(compgen -W "iou f1 mcc auc" -- "$cur"); return ;;
        --precision) mapfile -t COMPREPLY < <(compgen -W "fp32 tf32 bf16 fp16" -- "$cur"); return ;;
        --stages) mapfile -t COMPREPLY < <(compgen -W "loading evaluation training epoch" -- "$cur"); return ;;
        --db | --data | --weights | --calibrate | -o) mapfile -t COMPREPLY < <(compgen -f -- "$cur"); return ;;
    esac
    case $command in
        plan) words="--db --only --set --help" ;;
        run) words="--db --device --only --set --threads --loader-threads --cache --cache-limit --checkpoint --examples --quiet --help" ;;
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
        model) words="--set --size --batch --depth --device --threads --json --help $(_inpaintlab_models)" ;;
        bench) words="--model --size --batch --data --pictures --stages --repeats --set --precision --device --threads"
               words+=" --loader-threads --json --help" ;;
        new) words="--output --help" ;;
        check-plugin) words="--set --images --timeout --threads --help" ;;
        weights) words="--output --db --quiet --help" ;;
        export) words="--output --format --experiment --db --help" ;;
        plugins) words="--help $(inpaintlab plugins 2>/dev/null | sed -n 's/^  \([a-z0-9_]*\) .*/\1/p')" ;;
    esac
    if [[ $command =~ ^(detect|check-plugin|weights)$ && $cur != -* ]]; then
        mapfile -t COMPREPLY < <(compgen -f -- "$cur")
    elif [[ $cur == -* || $command == plugins || $command == model ]]; then
        mapfile -t COMPREPLY < <(compgen -W "$words" -- "$cur")
    else
        mapfile -t COMPREPLY < <(compgen -f -X '!*.y*ml' -- "$cur"; compgen -d -- "$cur")
    fi
}
complete -o filenames -F _inpaintlab inpaintlab
