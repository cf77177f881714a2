import Foundation
import Synchronization

/// One child process that cannot outlive this one.
///
/// It is started, waited for and reaped by a thread of its own. `setpriv --pdeathsig` makes the kernel kill it when
/// its parent dies, and to the kernel the parent is the *thread* that started it (prctl(2), PR_SET_PDEATHSIG): a
/// thread of a pool may end when it is idle, this one ends after the child.
final class ChildProcess: Sendable {
  struct Command: Sendable {
    var executable: String
    var arguments: [String]
    var environment: [String: String]
    var workingDirectory: String
  }

  /// Descriptors for the child's streams; the caller closes its copies.
  struct Streams: Sendable {
    var input: Int32
    var output: Int32
    var error: Int32
  }

  private enum State {
    case starting
    case failed(Int32)
    case running(pid_t)
    case ended
  }

  private let state = Mutex(State.starting)

  /// Starts the command; `onExit` is called once, from another thread.
  init(_ command: Command, streams: Streams, onExit: @escaping @Sendable (ProgramExit) -> Void) throws {
    let started = DispatchSemaphore(value: 0)
    Thread.detachNewThread { [self] in
      let (code, pid) = Self.spawn(command, streams)
      state.withLock { $0 = code == 0 ? .running(pid) : .failed(code) }
      started.signal()
      if code == 0 { onExit(reap(pid)) }
    }
    started.wait()
    if case .failed(let code) = state.withLock({ $0 }) {
      throw ProgramError.system("posix_spawn of \(command.executable)", code)
    }
  }

  /// The process id, or nil when the process has ended.
  var processID: pid_t? {
    state.withLock { if case .running(let pid) = $0 { pid } else { nil } }
  }

  /// Sends a signal; does nothing when the process has ended.
  func send(_ signal: Int32) {
    // Under the lock, so that the id cannot have been reaped and given to another process.
    state.withLock { if case .running(let pid) = $0 { _ = kill(pid, signal) } }
  }

  private func reap(_ pid: pid_t) -> ProgramExit {
    var info = siginfo_t()
    while waitid(P_PID, id_t(pid), &info, WEXITED | WNOWAIT) == -1 && errno == EINTR {}
    return state.withLock { state in
      var status: Int32 = 0
      while waitpid(pid, &status, 0) == -1 && errno == EINTR {}
      state = .ended
      // The macros WIFSIGNALED, WTERMSIG and WEXITSTATUS are not imported.
      let signal = status & 0x7F
      return signal == 0 ? .code((status >> 8) & 0xFF) : .signal(signal)
    }
  }

  private static func spawn(_ command: Command, _ streams: Streams) -> (code: Int32, pid: pid_t) {
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_adddup2(&actions, streams.input, 0)
    posix_spawn_file_actions_adddup2(&actions, streams.output, 1)
    posix_spawn_file_actions_adddup2(&actions, streams.error, 2)

    // The child starts as a shell would start it, whatever this process blocks or ignores.
    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    var mask = sigset_t()
    sigemptyset(&mask)
    posix_spawnattr_setsigmask(&attributes, &mask)
    sigfillset(&mask)
    posix_spawnattr_setsigdefault(&attributes, &mask)
    posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF))

    // Each of the two becomes the next program: one process id throughout.
    let wrapper = ["setpriv", "--pdeathsig", "KILL", "env", "--chdir=\(command.workingDirectory)"]
    let words = wrapper + [command.executable] + command.arguments
    var arguments = words.map { strdup($0) } + [nil]
    var environment = command.environment.map { strdup("\($0.key)=\($0.value)") } + [nil]
    defer { (arguments + environment).forEach { free($0) } }
    return PipeEnds.inheritance.withLock { _ in
      var pid: pid_t = 0
      let code = posix_spawnp(&pid, "setpriv", &actions, &attributes, &arguments, &environment)
      return (code, pid)
    }
  }
}
