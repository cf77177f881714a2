import Glibc
import NIOCore

extension Channel {
  /// Closes a connection whose client does not read, with a reset. On its event loop.
  ///
  /// An orderly end stands behind what the client has not read: it would never be told, and the system would keep those bytes.
  func abandon() {
    let atOnce = linger(l_onoff: 1, l_linger: 0)
    guard let options = self as? any SocketOptionProvider else { return close(promise: nil) }
    options.setSoLinger(atOnce).whenComplete { _ in self.close(promise: nil) }
  }
}
