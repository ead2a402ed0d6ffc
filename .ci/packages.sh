# SPDX-License-Identifier: Apache-2.0
# What has to be installed, and how to get it: the one list that ./run, ./test and .ci/run share. Sourced by bash.
#
# A name may be "one|other": the first that the machine has, or can get, is taken.

coroscope_packages_build=(
    cmake ninja-build ccache clang-19
    "g++-12|g++" # clang uses its standard library
    qt6-base-dev "qt6-svg-dev|libqt6svg6-dev" libqt6svg6
    libzstd-dev zlib1g-dev libdw-dev libspdlog-dev libcli11-dev nlohmann-json3-dev
    libgtest-dev libgmock-dev libasio-dev
    dpkg-dev desktop-file-utils shared-mime-info # packages are made, and what they tell a desktop is checked
    graphviz # reads what is exported for it
    # A display in memory, and eyes and hands for it: for the tests that click.
    dbus xvfb openbox xdotool imagemagick python3-pyatspi at-spi2-core gir1.2-atspi-2.0
)
coroscope_packages_sanitizers=(libclang-rt-19-dev llvm-19) # without the symbolizer in llvm-19 suppressions find no names
coroscope_packages_gcc=(g++-12)
coroscope_packages_format=(clang-format-19)

say() { printf '==> %s\n' "$*" >&2; }
die() { printf 'error: %s\n' "$*" >&2; exit 1; }

package_installed() { [ "$(dpkg-query -W -f='${db:Status-Status}' "$1" 2>/dev/null)" = installed ]; }
package_known() { [ -n "$(apt-cache --quiet madison "$1" 2>/dev/null)" ]; }

# Prints the members of "one|other" that are not installed, or nothing when any of them is.
missing_of() {
    local alternative
    for alternative in ${1//|/ }; do
        if package_installed "$alternative"; then return; fi
    done
    printf '%s\n' "$1"
}

# install_packages GROUP...: installs what is missing of these groups, and touches nothing when nothing is.
install_packages() {
    command -v dpkg-query >/dev/null || { say "no dpkg here: taking for granted that the packages in .ci/packages.sh are installed"; return; }
    local group wanted missing=()
    for group in "$@"; do
        local -n members="coroscope_packages_$group"
        for wanted in "${members[@]}"; do
            [ -z "$(missing_of "$wanted")" ] || missing+=("$wanted")
        done
    done
    [ ${#missing[@]} -gt 0 ] || return 0

    local as_root=()
    if [ "$(id -u)" != 0 ]; then
        command -v sudo >/dev/null || die "these packages are missing, and there is no sudo to install them with: ${missing[*]}"
        as_root=(sudo)
    fi
    say "installing what is missing: ${missing[*]}"
    "${as_root[@]}" apt-get -o DPkg::Lock::Timeout=120 update -qq </dev/null || die "apt-get update failed; is the network there?"

    local names=() alternative found
    for wanted in "${missing[@]}"; do
        found=
        for alternative in ${wanted//|/ }; do
            if package_known "$alternative"; then found=$alternative; break; fi
        done
        case $wanted:$found in
            clang-19:) say "this system offers no clang-19; another compiler will be looked for" ;;
            libclang-rt-19-dev: | llvm-19:) ;;
            *:) die "this system offers no package $wanted" ;;
            *) names+=("$found") ;;
        esac
    done
    [ ${#names[@]} -gt 0 ] || return 0
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=120 install -y -qq \
        --no-install-recommends "${names[@]}" </dev/null >&2 || die "apt-get install failed"
}

# Prints the compiler for a preset. Without clang-19, a clang from 16 or a g++ from 13 does, and this says so.
compiler_for() {
    local candidate
    if [ "$1" = gcc ]; then
        command -v g++-12 || die "g++-12 is not here"
        return
    fi
    if command -v clang++-19; then return; fi
    for candidate in clang++-22 clang++-21 clang++-20 clang++-18 clang++-17 clang++-16 g++-15 g++-14 g++-13; do
        if command -v "$candidate"; then
            say "clang++-19 is what Coroscope is made with and tested on; it is not here, so this builds with $candidate"
            return
        fi
    done
    die "no usable compiler: Coroscope wants clang 19 (clang from 16 and g++ from 13 work too)"
}

# configure PRESET [ARGUMENT...]
configure() {
    local preset=$1 compiler launcher=()
    shift
    compiler=$(compiler_for "$preset") || exit 1
    command -v ccache >/dev/null || launcher=(-DCMAKE_CXX_COMPILER_LAUNCHER=)
    # Handing over a compiler that is the preset's own anyway makes cmake start from scratch, so only another one is.
    case $preset:${compiler##*/} in
        gcc:g++-12 | *:clang++-19) cmake --preset "$preset" "${launcher[@]}" "$@" >&2 ;;
        *) cmake --preset "$preset" "${launcher[@]}" -DCMAKE_CXX_COMPILER="${compiler##*/}" "$@" >&2 ;;
    esac
}
