import Foundation
import Synchronization

/// Standard output or standard error: the one place of this program that writes to either.
///
/// Text is written whole, before the call returns: nothing is left in a buffer for the end of the process. Any thread;
/// what two threads write does not mix.
package final class StandardStream: Sendable {
  package static let output = StandardStream(STDOUT_FILENO, "standard output")
  package static let error = StandardStream(STDERR_FILENO, "standard error")

  /// As a message calls it.
  package let name: String
  private let descriptor: Int32
  private let turn = Mutex(())

  private init(_ descriptor: Int32, _ name: String) {
    self.descriptor = descriptor
    self.name = name
  }

  /// Whether it is a terminal.
  package var isTerminal: Bool { isatty(descriptor) == 1 }

  /// The terminal's columns and rows; nil where none is.
  package var size: (columns: Int, rows: Int)? {
    var size = winsize()
    guard ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0, size.ws_row > 0 else {
      return nil
    }
    return (Int(size.ws_col), Int(size.ws_row))
  }

  /// Writes text as it is.
  package func write(_ text: String) throws(OutputFault) {
    var text = text
    let fault = text.withUTF8 { bytes in turn.withLock { _ in write(UnsafeRawBufferPointer(bytes)) } }
    if let fault { throw fault }
  }

  /// Writes all bytes, or says why not.
  private func write(_ bytes: UnsafeRawBufferPointer) -> OutputFault? {
    var rest = bytes[...]
    while !rest.isEmpty {
      let count = Glibc.write(descriptor, UnsafeRawBufferPointer(rebasing: rest).baseAddress, rest.count)
      if count > 0 {
        rest = rest.dropFirst(count)
        continue
      }
      switch count == 0 ? EIO : errno {
      case EINTR: continue
      case EAGAIN: waitForRoom()
      case let code: return OutputFault(stream: name, code: code)
      }
    }
    return nil
  }

  /// Who gave us the stream may have made it non-blocking.
  private func waitForRoom() {
    var wanted = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
    poll(&wanted, 1, -1)
  }
}

/// Text did not get to where it was written.
package struct OutputFault: Error, Hashable, CustomStringConvertible {
  /// `standard output` or `standard error`.
  package let stream: String
  /// The errno of write(2).
  package let code: Int32

  /// Who read the stream has gone, as `head` does when it has its lines.
  package var isReaderGone: Bool { code == EPIPE }

  package var description: String {
    "Expected to write to \(stream), but \(String(cString: strerror(code))). What was printed is not all."
  }
}

extension StandardStream {
  /// Makes the streams of this process fit for use. To be called first of all.
  ///
  /// A reader that has gone is an error of the write (EPIPE), and no signal that ends a worker in mid-work. A stream
  /// that was closed is opened so that its use fails: its number would else go to the next file that is opened, and
  /// what is printed would go into that.
  package static func prepare() {
    signal(SIGPIPE, SIG_IGN)
    for number in [STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO]
    where fcntl(number, F_GETFD) == -1 && errno == EBADF {
      // The lowest number that is free, which is this one. It can be used for the other direction only.
      _ = open("/dev/null", number == STDIN_FILENO ? O_WRONLY : O_RDONLY)
    }
  }
}
