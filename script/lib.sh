# shellcheck shell=bash
# lib.sh: functions that script/demo, script/test and the other scripts share.
# They find or install a PostgreSQL to build with, and install the extension into
# a private copy of it, so that the system's PostgreSQL is not changed and two
# runs do not interfere.
#
# Sourced, not run.  The caller may set:
#	PG_CONFIG        the pg_config to build with (default: the one on PATH)
#	LOOPIT_INSTALL   "no": never install a package
#	TMPDIR           the folder for temporary files (default: /tmp)

top=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

# The locale of the user may not exist on this machine, in which case perl warns
# and initdb fails.
LC_ALL=C
if locale -a 2>/dev/null | grep -qix 'c\.utf-\?8'; then LC_ALL=C.UTF-8; fi
export LC_ALL LANG=$LC_ALL
unset LANGUAGE LC_COLLATE LC_CTYPE LC_MESSAGES LC_MONETARY LC_NUMERIC LC_TIME

say() { printf '%s\n' "$*" >&2; }
die() {
	say "script/$(basename "$0"): $*"
	concluded=1
	exit 1
}

# What the script is doing, for the user who waits, and for the message of a
# command that fails without one.
doing="starting"
step() {
	doing=$1
	say "==> $1"
}

# Every script ends here.  One that ended by a failing command, and not by die()
# or end_with_counts(), says which step failed.
concluded=
end_script() {
	local status=$1
	if [ "$status" -gt 0 ] && [ "$status" -lt 128 ] && [ -z "$concluded" ]; then
		say "script/$(basename "$0"): failed (exit status $status) in the step \"$doing\"; the messages above tell why"
	fi
	[ -z "${work:-}" ] || end_work_folder
}
trap 'end_script $?' EXIT
trap 'concluded=1; exit 130' INT
trap 'concluded=1; exit 143' TERM

# Prints the last line of a script that runs tests, and ends it.  A run that
# tested nothing has failed.
end_with_counts() {
	local passed=$1 failed=$2
	concluded=1
	echo "$passed passed, $failed failed"
	[ "$passed" -gt 0 ] || [ "$failed" -gt 0 ] || say "script/$(basename "$0"): there was nothing to run"
	[ "$failed" = 0 ] && [ "$passed" -gt 0 ] || exit 1
	exit 0
}

# Runs a command, and prints the end of what it wrote if it fails.
quietly() {
	local log status=0
	log=$(mktemp) || die_no_temporary_folder
	"$@" >"$log" 2>&1 || status=$?
	[ "$status" = 0 ] || tail -n 15 "$log" >&2
	rm -f "$log"
	return "$status"
}

die_no_temporary_folder() {
	die "cannot write to ${TMPDIR:-/tmp}: set TMPDIR to a folder where you may write"
}

# Installs those of the named packages that are missing, by apt-get.
install_packages() {
	local missing=() package sudo=() by_hand
	for package; do
		dpkg-query -W -f '${Status}\n' "$package" 2>/dev/null |
			grep -q 'ok installed' || missing+=("$package")
	done
	[ ${#missing[@]} -gt 0 ] || return 0
	by_hand="As root, run
    apt-get update && apt-get install -y --no-install-recommends ${missing[*]}
and then this again."
	[ "${LOOPIT_INSTALL:-}" != no ] ||
		die "packages are missing, and LOOPIT_INSTALL=no forbids to install them.  $by_hand"
	command -v apt-get >/dev/null ||
		die "packages are missing, and there is no apt-get to install them; please install (Debian's names): ${missing[*]}"
	if [ "$(id -u)" != 0 ]; then
		command -v sudo >/dev/null ||
			die "packages are missing, and there is no sudo to install them.  $by_hand"
		sudo=(sudo)
	fi
	step "Installing packages with ${sudo[*]:+sudo }apt-get (a minute or two): ${missing[*]}"
	"${sudo[@]}" true || die "sudo does not let you install packages.  $by_hand"
	# by default, apt-get update succeeds even if it cannot reach any server
	quietly "${sudo[@]}" apt-get -q -o APT::Update::Error-Mode=any update ||
		say "apt-get update failed (see above); trying with the package lists that are there"
	quietly "${sudo[@]}" env DEBIAN_FRONTEND=noninteractive \
		apt-get -q install -y -o DPkg::Lock::Timeout=300 --no-install-recommends "${missing[@]}" ||
		die "apt-get cannot install the packages (its messages are above).  Check the network and /etc/apt.  $by_hand"
}

# The same for packages that a script can do without: says what is left out
# without them where they cannot be installed.
install_optional_packages() {
	local without=$1 package missing=()
	shift
	for package; do
		dpkg-query -W -f '${Status}\n' "$package" 2>/dev/null |
			grep -q 'ok installed' || missing+=("$package")
	done
	[ ${#missing[@]} -gt 0 ] || return 0
	if [ "${LOOPIT_INSTALL:-}" != no ] && command -v apt-get >/dev/null &&
		{ [ "$(id -u)" = 0 ] || sudo -n true 2>/dev/null; }; then
		(install_packages "${missing[@]}") || say "not installed: ${missing[*]}; $without"
	elif command -v dpkg-query >/dev/null; then
		say "not installed: ${missing[*]}; $without"
	fi
}

# Builds loopit-door in $work/door; arguments are for make.
build_door() {
	install_packages libmicrohttpd-dev libpq-dev libcjose-dev libjansson-dev libcurl4-openssl-dev libssl-dev pkg-config
	mkdir -p "$work/door"
	make -s -C "$work/door" -f "$top/door/Makefile" "$@" >&2
	if [ "$(id -u)" = 0 ]; then
		chown -R postgres: "$work/door"
	fi
}

# Prints why a pg_config cannot be used; nothing if it can.
why_unusable_pg_config() {
	local config=$1 version
	if [ -z "$(command -v "$config")" ]; then
		echo "there is no such program"
	elif ! version=$("$config" --version 2>&1); then
		echo "it does not run: $version"
	elif version=${version#PostgreSQL } && [ "${version%%[!0-9]*}" -lt 15 ]; then
		echo "it is of PostgreSQL $version, and 15 or newer is needed"
	elif [ ! -f "$("$config" --includedir-server)/postgres.h" ] || [ ! -f "$("$config" --pgxs)" ]; then
		echo "its server headers are not installed (Debian: postgresql-server-dev-${version%%[!0-9]*})"
	elif [ ! -x "$("$config" --bindir)/postgres" ]; then
		echo "its server is not installed (Debian: postgresql-${version%%[!0-9]*})"
	fi
}

# The suite of this Debian; empty on another system.
debian_suite() {
	# shellcheck disable=SC1091
	(. /etc/os-release 2>/dev/null && echo "${VERSION_CODENAME:-}") || true
}

# The major version of Debian's own PostgreSQL.  A machine on which apt-get
# update never ran has no package lists to read it from.
debian_postgresql_version() {
	local version
	version=$(apt-cache depends postgresql 2>/dev/null |
		sed -n 's/.*Depends: postgresql-\([0-9]*\)$/\1/p' | head -n 1) || true
	if [ -z "$version" ]; then
		case $(debian_suite) in
			trixie) version=17 ;;
			forky) version=18 ;;
			*) version=15 ;;
		esac
	fi
	echo "$version"
}

# Fetches the source of a PostgreSQL version, as a Debian suite has it, into
# $cache/postgresql-VERSION, and sets $source to that folder.  The package lists
# of the system name binaries only, so apt gets lists of its own in $work; this
# needs no root.
fetch_source() {
	local version=$1 suite=$2 apt mirror
	command -v apt-get >/dev/null ||
		die "no apt-get: set LOOPIT_PG_SOURCE to a folder with PostgreSQL's source"
	source=$cache/postgresql-$version
	[ ! -f "$source/configure" ] || return 0
	install_packages bzip2 tar
	# shellcheck disable=SC2016 # apt's variables, not bash's
	mirror=$(apt-get indextargets --no-release-info --format '$(REPO_URI) $(RELEASE) $(COMPONENT)' |
		awk -v own="$(debian_suite) main" '/^http/ && $2 " " $3 == own && !n++ { print $1 }') || mirror=
	mkdir -p "$work/apt/lists/partial"
	echo "deb-src [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg]" \
		"${mirror:-http://deb.debian.org/debian} $suite main" >"$work/apt/sources.list"
	apt=(apt-get -qq -o Dir::Etc::SourceList="$work/apt/sources.list"
		-o Dir::Etc::SourceParts=/dev/null -o Dir::State::Lists="$work/apt/lists"
		-o Dir::Cache="$work/apt" -o APT::Sandbox::User="$(id -un)")
	step "Fetching the source of postgresql-$version"
	"${apt[@]}" update >&2 ||
		die "apt-get cannot read the list of Debian's sources: check the network, or set LOOPIT_PG_SOURCE to a folder with PostgreSQL's source"
	(cd "$work/apt" && "${apt[@]}" source --tar-only "postgresql-$version" >&2) ||
		die "apt-get cannot fetch the source of postgresql-$version: check the network, or set LOOPIT_PG_SOURCE to a folder with it"
	rm -rf "$source.new"
	mkdir "$source.new"
	tar -x --strip-components=1 -C "$source.new" -f "$work"/apt/postgresql-*.orig.tar.*
	mv "$source.new" "$source"
}

# Builds a server with assertions, which also reports its memory contexts to
# valgrind, from PostgreSQL's source, and keeps it in $cache.  Fetches the source
# if there is none.  Sets PG_CONFIG, and $prefix, which contains valgrind.supp.
#	LOOPIT_PG_SOURCE   a folder with PostgreSQL's source, without a build in it
#	LOOPIT_CACHE       the folder to keep them in (default: /var/cache/loopit_leads)
build_assert_server() {
	local version build
	cache=${LOOPIT_CACHE:-/var/cache/loopit_leads}
	if command -v dpkg-query >/dev/null; then
		install_packages gcc make libc6-dev perl libipc-run-perl valgrind
	fi
	mkdir -p "$cache" || die "cannot write to $cache: set LOOPIT_CACHE to a folder where you may write"
	exec 9>"$cache/assert.lock"
	flock 9
	source=${LOOPIT_PG_SOURCE:-}
	if [ -z "$source" ]; then
		version=$(debian_postgresql_version)
		fetch_source "${version:-15}" "$(debian_suite)"
	fi
	source=$(cd "$source" && pwd -P)
	version=$(sed -n "s/^PACKAGE_VERSION='\(.*\)'/\1/p" "$source/configure")
	prefix=$cache/assert-$version
	build=$prefix.build
	if [ ! -f "$prefix/.complete" ]; then
		step "Building PostgreSQL $version with assertions in $prefix: some minutes (log: $cache/assert.log)"
		rm -rf "$prefix" "$build"
		mkdir -p "$build"
		(
			cd "$build"
			"$source/configure" --prefix="$prefix" --enable-cassert --enable-debug \
				--enable-tap-tests --without-readline --without-zlib \
				CFLAGS='-O1 -g -DUSE_VALGRIND -fno-omit-frame-pointer'
			nice make -s -j 2
			nice make -s install
			nice make -s -C contrib -j 2 install
		) >"$cache/assert.log" 2>&1 || {
			tail -n 20 "$cache/assert.log" >&2
			die "PostgreSQL could not be built: see the end of $cache/assert.log above"
		}
		cp "$source/src/tools/valgrind.supp" "$prefix"
		touch "$prefix/.complete"
		rm -rf "$build"
	fi
	exec 9>&-
	PG_CONFIG=$prefix/bin/pg_config
	export PG_CONFIG
}

# Sets PG_CONFIG; installs PostgreSQL if there is none, and the packages that are
# the arguments.
find_postgresql() {
	local version reason packages=(gcc make libc6-dev "$@")
	if [ -n "${PG_CONFIG:-}" ]; then
		reason=$(why_unusable_pg_config "$PG_CONFIG")
		[ -z "$reason" ] || die "cannot build with PG_CONFIG=$PG_CONFIG: $reason"
	elif [ -z "$(why_unusable_pg_config pg_config)" ]; then
		PG_CONFIG=$(command -v pg_config)
	else
		version=$(debian_postgresql_version)
		PG_CONFIG=/usr/lib/postgresql/$version/bin/pg_config
		packages+=("postgresql-$version" "postgresql-server-dev-$version")
	fi
	if command -v dpkg-query >/dev/null; then
		install_packages "${packages[@]}"
	fi
	reason=$(why_unusable_pg_config "$PG_CONFIG")
	[ -z "$reason" ] ||
		die "cannot build with $PG_CONFIG: $reason; set PG_CONFIG to the pg_config of a PostgreSQL 15 or newer with server and headers"
	export PG_CONFIG
	[ "$(id -u)" != 0 ] || find_postgres_user
}

# PostgreSQL refuses to run as root, so root runs it as user postgres.
find_postgres_user() {
	if ! id postgres >/dev/null 2>&1 && command -v dpkg-query >/dev/null; then
		install_packages postgresql-common	# creates the user
	fi
	id postgres >/dev/null 2>&1 ||
		die "there is no user postgres, as which root runs PostgreSQL: create one (useradd -r postgres), or run this as another user"
	command -v runuser >/dev/null ||
		die "there is no runuser (Debian: util-linux), by which root runs PostgreSQL as user postgres: install it, or run this as another user"
}

# Runs a command as the user who may run PostgreSQL.
as_user() {
	if [ "$(id -u)" = 0 ]; then
		runuser -u postgres -- env HOME="$work" "$@"
	else
		"$@"
	fi
}

# Creates the folder $work, which end_work_folder() removes.
make_work_folder() {
	work=$(mktemp -d "${TMPDIR:-/tmp}/loopit_leads.XXXXXX") || die_no_temporary_folder
	chmod 755 "$work"
	if [ "$(id -u)" = 0 ] && id postgres >/dev/null 2>&1 && ! as_user test -x "$work"; then
		die "user postgres cannot reach ${TMPDIR:-/tmp}, in which root's runs of PostgreSQL keep their files: set TMPDIR to a folder that others may enter"
	fi
	# a socket's path has 107 bytes at most
	[ ${#work} -lt 90 ] || die "the path $work is too long for a socket: set TMPDIR to a folder with a shorter path"
}

# Stops the servers in the folder and removes it, unless $keep is set.
end_work_folder() {
	local file
	[ -z "${mounted:-}" ] || umount "$mounted" || true
	[ -z "${keep:-}" ] || return 0
	[ ! -f "$work/door.pid" ] || kill "$(cat "$work/door.pid")" 2>/dev/null || true
	[ -z "${bin:-}" ] || find "$work" -name postmaster.pid | while read -r file; do
		(cd "$work" && as_user "$bin/pg_ctl" -D "$(dirname "$file")" -m immediate -s stop) || true
	done
	rm -rf "$work"
}

# Makes a private copy of the server in $work/server, and sets $bin.  Programs
# are copied, since a server looks for its files relative to its own path; the
# rest are links.
copy_server() {
	local dir
	bin=$work/server$("$PG_CONFIG" --bindir)
	for dir in sharedir libdir pkglibdir; do
		dir=$("$PG_CONFIG" "--$dir")
		mkdir -p "$work/server$dir"
		# Debian's libdir is the system's, and not a folder of PostgreSQL's
		[ "$dir" = /usr/lib ] || [ "$dir" = "/usr/lib/$(gcc -print-multiarch)" ] ||
			cp -rsf "$dir/." "$work/server$dir"
	done
	rm -rf "$bin"
	mkdir -p "$bin"
	cp "$("$PG_CONFIG" --bindir)"/* "$bin"
	"$bin/postgres" --version >/dev/null ||
		die "programs in $work cannot be run: set TMPDIR to a folder on a disk that is not mounted with noexec"
}

# Builds the extension in $work/build, outside the source tree, and installs it
# into the private server.
build_extension() {
	mkdir -p "$work/build"
	build_make -s "$@" all >&2 || die "the extension does not compile: the compiler's messages are above"
	build_make -s "$@" install DESTDIR="$work/server" >/dev/null ||
		die "make install failed: its messages are above"
	if [ "$(id -u)" = 0 ]; then
		chown -R postgres: "$work"
	fi
}

# Runs make in the build folder, without bitcode, which needs clang.
build_make() {
	make -C "$work/build" -f "$top/Makefile" PG_CONFIG="$PG_CONFIG" \
		with_llvm=no "$@"
}

# Starts a private cluster in $work/data, which can be reached only through a
# socket in $work.  The arguments are settings, name=value.  Sets PGHOST, PGPORT
# and PGUSER.  (It changes the folder for the programs, since user postgres may
# not be allowed to enter the current one.)
start_cluster() {
	local setting
	(cd "$work" && as_user "$bin/initdb" -D "$work/data" -U postgres -A trust -E UTF8 \
		--no-locale --no-sync) >"$work/initdb.log" 2>&1 || {
		tail -n 15 "$work/initdb.log" >&2
		die "initdb cannot create a cluster in $work/data: its messages are above"
	}
	{
		echo "listen_addresses = ''"
		echo "unix_socket_directories = '$work'"
		for setting; do echo "$setting"; done
	} | as_user tee -a "$work/data/postgresql.conf" >/dev/null
	(cd "$work" && as_user "$bin/pg_ctl" -D "$work/data" -l "$work/server.log" -s -w start) || {
		tail -n 15 "$work/server.log" >&2
		die "the private server does not start: its log is above"
	}
	export PGHOST=$work PGPORT=5432 PGUSER=postgres
}
