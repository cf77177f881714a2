import Foundation
import Synchronization

/// Both ends of a pipe; neither is inherited, so that no sibling process keeps it open.
struct PipeEnds {
  /// Held while descriptors are made and while a process is started: `pipe2` is not imported, and between `pipe` and
  /// `fcntl` a process started by another thread would inherit them.
  static let inheritance = Mutex(())

  let read: Int32
  let write: Int32

  init() throws {
    var ends: [Int32] = [-1, -1]
    let code = Self.inheritance.withLock { _ in
      guard pipe(&ends) == 0 else { return errno }
      for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
      return 0
    }
    guard code == 0 else { throw ProgramError.system("pipe", code) }
    (read, write) = (ends[0], ends[1])
  }
}

/// What a program reads: the descriptor it gets, and the writer that feeds it.
struct InputEnds {
  let read: Int32
  let writer: PipeWriter?

  init(_ input: RunningProgram.Input) throws {
    switch input {
    case .none:
      read = open("/dev/null", O_RDONLY | O_CLOEXEC)
      writer = nil
      guard read >= 0 else { throw ProgramError.system("open of /dev/null", errno) }
    case .data, .pipe:
      let ends = try PipeEnds()
      read = ends.read
      writer = PipeWriter(ends.write)
    }
  }
}

/// The write end of a pipe, closed once; a reader that is gone is no error and raises no SIGPIPE.
final class PipeWriter: Sendable {
  private let descriptor: Mutex<Int32?>

  init(_ descriptor: Int32) {
    self.descriptor = Mutex(descriptor)
  }

  deinit { finish() }

  /// Writes on a thread of its own, then closes.
  func sendAll(_ data: Data) {
    Thread.detachNewThread { [self] in
      send(data)
      finish()
    }
  }

  /// Writes all bytes, or drops the rest when nobody reads them any more.
  func send(_ data: Data) {
    descriptor.withLock { descriptor in
      guard let descriptor else { return }
      Self.withoutBrokenPipeSignal {
        data.withUnsafeBytes { bytes in
          var rest = bytes[...]
          while !rest.isEmpty {
            let count = write(descriptor, UnsafeRawBufferPointer(rebasing: rest).baseAddress, rest.count)
            if count < 0 && errno == EINTR { continue }
            if count <= 0 { return }
            rest = rest.dropFirst(count)
          }
        }
      }
    }
  }

  func finish() {
    descriptor.withLock { descriptor in
      if let open = descriptor { close(open) }
      descriptor = nil
    }
  }

  /// Blocks SIGPIPE in this thread and takes the one that the writes raised: it goes to the writing thread.
  private static func withoutBrokenPipeSignal(_ body: () -> Void) {
    var pipe = sigset_t()
    sigemptyset(&pipe)
    sigaddset(&pipe, SIGPIPE)
    var before = sigset_t()
    pthread_sigmask(SIG_BLOCK, &pipe, &before)
    body()
    var none = timespec()
    while sigtimedwait(&pipe, nil, &none) > 0 {}
    pthread_sigmask(SIG_SETMASK, &before, nil)
  }
}
