# shellcheck shell=bash
# chroot.sh: functions that script/test-matrix and script/test-fresh share: a
# Debian chroot, made once and kept, in which a run cannot leave anything behind.
#
# Sourced, not run.  The caller may set:
#	LOOPIT_CHROOTS   the folder of the chroots and logs
#	                 (default: /var/cache/loopit_leads/chroots)

# Prints why this machine cannot run a chroot; nothing if it can.
why_no_chroot() {
	if [ "$EUID" -ne 0 ]; then
		echo "chroots and mounts need root"
	elif ! unshare --mount --pid --ipc --net --fork true 2>/dev/null; then
		echo "this machine allows no namespaces (unshare fails)"
	elif ! command -v mmdebstrap >/dev/null && ! command -v apt-get >/dev/null; then
		echo "there is no mmdebstrap, and no apt-get to install it"
	fi
}

# Sets $cache, $mirror and $source; waits for another run to end.  $source is an
# archive of the source tree, the same for all chroots.  A file that is deleted,
# but not yet in git, is left out.
prepare_chroots() {
	local top
	top=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
	if ! command -v mmdebstrap >/dev/null; then
		apt-get -q update
		DEBIAN_FRONTEND=noninteractive apt-get -qy -o DPkg::Lock::Timeout=300 \
			--no-install-recommends \
			install mmdebstrap debian-archive-keyring
	fi
	# The mirror of this host is known to be reachable.  apt reads its sources
	# itself, since they come in two formats and with options; without release
	# information it does so even if apt-get update never ran.
	# shellcheck disable=SC1091,SC2016 # of the host; apt's variables, not bash's
	mirror=$(. /etc/os-release && [ "$ID" = debian ] && apt-get indextargets \
		--no-release-info --format '$(REPO_URI) $(RELEASE) $(COMPONENT)' |
		awk -v own="$VERSION_CODENAME main" \
			'/^http/ && $2 " " $3 == own && !n++ { print $1 }') || mirror=
	mirror=${mirror:-http://deb.debian.org/debian}

	mkdir -p "${LOOPIT_CHROOTS:=/var/cache/loopit_leads/chroots}"
	cache=$(cd "$LOOPIT_CHROOTS" && pwd)
	exec 9>"$cache/lock"
	flock -n 9 || { echo "Waiting for another run to end." && flock 9; }
	source=$(mktemp)
	(
		cd "$top"
		git -c safe.directory="$PWD" ls-files -co --exclude-standard -z --deduplicate |
			while IFS= read -r -d '' file; do
				[ ! -e "$file" ] && [ ! -L "$file" ] || printf '%s\0' "$file"
			done | tar -c --null --verbatim-files-from -T - -f "$source"
	)
	export cache mirror source
	export -f mount_chroot
}

# Mounts a chroot in a namespace of the caller, and changes into it.  What the
# run writes goes to memory, over the chroot: what one run installs cannot make
# a later one pass, and fsync costs nothing.
mount_chroot() {
	local chroot=$1 work=$2
	mkdir -p "$work"
	mount -t tmpfs tmpfs "$work"
	mkdir "$work"/{upper,work,root}
	mount -t overlay overlay "$work/root" \
		-o "lowerdir=$chroot,upperdir=$work/upper,workdir=$work/work"
	cd "$work/root"
	mount -t proc proc proc
	mount --bind /dev dev
	mount -t devpts -o newinstance,ptmxmode=666 devpts dev/pts
	mount -t tmpfs -o mode=1777 tmpfs dev/shm
}
