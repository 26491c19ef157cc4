# What the init program finds out about its container. Read by sh; every function prints its answer.

# workers_for BYTES: how many PHP processes a container with that much memory can hold.
workers_for() {
    workers=$((($1 / 1048576 - {{pool_base}}) / {{pool_worker}}))
    if [ "$workers" -lt {{pool_fewest}} ]; then workers={{pool_fewest}}; fi
    if [ "$workers" -gt {{pool_most}} ]; then workers={{pool_most}}; fi
    echo "$workers"
}

# memory_limit CGROUPS MEMINFO: how many bytes the container may use, by either version of cgroups.
memory_limit() {
    limit=0
    while read -r name size _; do
        if [ "$name" = MemTotal: ]; then limit=$((size * 1024)); fi
    done <"$2"
    for file in "$1/memory.max" "$1/memory/memory.limit_in_bytes"; do
        size=
        if [ -r "$file" ]; then read -r size <"$file" || true; fi
        # "max", or a number near 2^63, means that there is no limit.
        case $size in '' | *[!0-9]* | ???????????????????*) continue ;; esac
        if [ "$limit" -eq 0 ] || [ "$size" -lt "$limit" ]; then limit=$size; fi
    done
    echo "$limit"
}

# processors CGROUPS COUNT: how many processors the container may use of that many, at most four: more workers do not
# make nginx faster.
processors() {
    quota=
    period=
    if [ -r "$1/cpu.max" ]; then
        read -r quota period <"$1/cpu.max" || true
    elif [ -r "$1/cpu/cpu.cfs_quota_us" ]; then
        read -r quota <"$1/cpu/cpu.cfs_quota_us" || true
        read -r period <"$1/cpu/cpu.cfs_period_us" || true
    fi
    count=$2
    case $quota:$period in
    : | *: | :* | *[!0-9:]* | *:0) ;;
    *) if [ $(((quota + period - 1) / period)) -lt "$count" ]; then count=$(((quota + period - 1) / period)); fi ;;
    esac
    if [ "$count" -lt 1 ]; then count=1; fi
    if [ "$count" -gt 4 ]; then count=4; fi
    echo "$count"
}

# setting NAME DEFAULT: the value of a variable, or what is in the file that NAME_FILE names.
setting() {
    value=$(printenv "${1}_FILE") || value=
    if [ -n "$value" ]; then
        value=$(cat -- "$value")
    else
        value=$(printenv "$1") || value=
    fi
    echo "${value:-$2}"
}
