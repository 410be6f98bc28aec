# Runs a command for shim.sh and tells how it ended: perl run.pl INBOX SPAN TOLD PROGRAM [ARGUMENT...]
#
# A shell can't tell a command that a signal ended from one that exits with 128 and more, nor how much memory it took. No
# modules but those that every perl has, Debian's perl-base included.
use strict;

my ($inbox, $span, $told, @command) = @ARGV;

# What the terminal sends goes to the command, too: it decides what becomes of it. What is ignored stays so.
my @caught = grep { ($SIG{$_} // '') ne 'IGNORE' } qw(INT QUIT TERM HUP);
$SIG{$_} = sub { } for @caught;
my $pid = fork;
if (!$pid) {
    $SIG{$_} = 'DEFAULT' for @caught;
    exec { $command[0] } @command;
    exit 127;
}
my $ended;
do { $ended = waitpid $pid, 0 } while $ended == -1 && kill 0, $pid;
my $status = $?;
my $signal = $status & 127;
my $code = $signal ? -$signal : $status >> 8;    # as DVC has it
my (undef, undef, $user, $system) = times;

# Numbers of Linux's system calls. https://github.com/torvalds/linux/tree/master/arch (syscall_64.tbl, unistd.h)
my %calls = (
    x86_64  => { getrusage => 98,  clock_gettime => 228 },
    aarch64 => { getrusage => 165, clock_gettime => 113 },
);
# Debian's folders of modules say which it is; asking Config.pm takes as long as all else here.
my ($machine) = $^O eq 'linux' ? "@INC /" =~ m{/(x86_64|aarch64)-linux} : ();
$machine //= read_config('archname') =~ /^(x86_64|aarch64)-linux/ ? $1 : '';
my $calls = $calls{$machine};

report();
die_alike() if $signal;
exit $code;

sub report {
    my $time = read_time();
    my @attributes = (sprintf('"mlops.process.cpu.user_seconds":%.3f', $user));
    push @attributes, sprintf('"mlops.process.cpu.system_seconds":%.3f', $system);
    my $memory = read_peak_memory();
    push @attributes, qq("mlops.process.memory.peak_bytes":$memory) if $memory;
    push @attributes, qq("process.exit.code":$code) if !$signal;
    my $error = $signal ? 'SIG' . signal_name() : $code;
    my $failure = $code == 0 ? '' : qq("status":"error","errorType":"$error",);
    open my $file, '>>', $inbox or return;
    my $attributes = join ',', @attributes;
    my $end = qq({"type":"span-end","time":"$time","span":"$span",$failure"attributes":{$attributes}}\n);
    $end .= qq({"type":"dvc-stage","time":"$time","phase":"end",$told,"exitCode":$code}\n) if $told ne '';
    syswrite $file, $end;
}

sub read_time {
    my $spec = "\0" x 16;
    return sprintf '%d%09d', unpack 'q2', $spec
        if $calls && syscall($calls->{clock_gettime}, 0, $spec) == 0;
    return sprintf '%d%09d', int($_), ($_ - int $_) * 1e9
        for eval { require Time::HiRes; Time::HiRes::time() } // time;
}

# In bytes. The largest resident set of one process of the command, as getrusage(2) has it.
sub read_peak_memory {
    my $usage = "\0" x 256;
    return unless $calls && syscall($calls->{getrusage}, -1, $usage) == 0;
    return 1024 * unpack 'x32 q', $usage;
}

sub signal_name {
    return (split / /, read_config('sig_name'))[$signal];
}

sub read_config {
    require Config;
    return $Config::Config{ $_[0] };
}

# Ends by the signal that has ended the command.
sub die_alike {
    my $name = signal_name();
    $SIG{$name} = 'DEFAULT' if $name ne 'KILL' && $name ne 'STOP';
    kill $signal, $$;
    sleep 1;
    exit 128 + $signal;
}
