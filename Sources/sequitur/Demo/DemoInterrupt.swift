import Foundation
import Synchronization

/// SIGINT and SIGTERM: the first asks the demo to end in order, the second ends the process at once.
///
/// Either way the terminal gets its cursor back.
final class DemoInterrupt: Sendable {
  private let received = Mutex<Int32?>(nil)
  private let sources = Mutex<[any DispatchSourceSignal]>([])

  /// The signal that was received, if any.
  var signal: Int32? { received.withLock { $0 } }

  func watch() {
    for number in [SIGINT, SIGTERM] {
      Glibc.signal(number, SIG_IGN)
      sources.withLock { sources in
        let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
        source.setEventHandler { [weak self] in self?.receive(number) }
        source.resume()
        sources.append(source)
      }
    }
  }

  /// Ends the process as the signal would have done by itself, so that a shell sees it.
  func raise(_ number: Int32) -> Never {
    sources.withLock { $0 = [] }
    Glibc.signal(number, SIG_DFL)
    // Dispatch blocks the signals it watches.
    var set = sigset_t()
    sigemptyset(&set)
    sigaddset(&set, number)
    pthread_sigmask(SIG_UNBLOCK, &set, nil)
    fflush(nil)
    Glibc.raise(number)
    _exit(128 + number)
  }

  private func receive(_ number: Int32) {
    let isSecond = received.withLock { received in
      defer { received = received ?? number }
      return received != nil
    }
    if LiveViewScreen.isTerminal { LiveViewScreen.write(LiveViewScreen.showCursor) }
    if isSecond { _exit(128 + number) }
  }
}
