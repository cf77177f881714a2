import Foundation
import Synchronization

/// SIGINT and SIGTERM: the first asks the program to end in order, the second ends the process at once.
///
/// A signal that was ignored when the program started stays so, as nohup(1) and background jobs want it.
package final class Interrupt: Sendable {
  private let received = Mutex<Int32?>(nil)
  private let sources = Mutex<[any DispatchSourceSignal]>([])
  private let tidy: @Sendable () -> Void

  /// - Parameter tidy: called at each signal, from another thread: gives the terminal back.
  package init(tidy: @escaping @Sendable () -> Void = {}) { self.tidy = tidy }

  /// The signal that was received, if any.
  package var signal: Int32? { received.withLock { $0 } }

  package func watch() {
    for number in [SIGINT, SIGTERM] where !Self.isIgnored(number) {
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
  package func raise(_ number: Int32) -> Never {
    sources.withLock { $0 = [] }
    Glibc.signal(number, SIG_DFL)
    // Dispatch blocks the signals it watches.
    var set = sigset_t()
    sigemptyset(&set)
    sigaddset(&set, number)
    pthread_sigmask(SIG_UNBLOCK, &set, nil)
    Glibc.raise(number)
    _exit(128 + number)
  }

  private static func isIgnored(_ number: Int32) -> Bool {
    var action = sigaction()
    guard sigaction(number, nil, &action) == 0 else { return false }
    return unsafeBitCast(action.__sigaction_handler.sa_handler, to: Int.self)
      == unsafeBitCast(SIG_IGN, to: Int.self)
  }

  private func receive(_ number: Int32) {
    let isSecond = received.withLock { received in
      defer { received = received ?? number }
      return received != nil
    }
    tidy()
    if isSecond { _exit(128 + number) }
  }
}
