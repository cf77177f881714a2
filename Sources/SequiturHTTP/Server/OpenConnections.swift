import NIOCore
import Synchronization

/// The connections that are open, so that those that do not end in time can be closed. Any thread.
final class OpenConnections: Sendable {
  private let channels = Mutex<[ObjectIdentifier: any Channel]>([:])

  func opened(_ channel: any Channel) { channels.withLock { $0[ObjectIdentifier(channel)] = channel } }

  func closed(_ channel: any Channel) { channels.withLock { $0[ObjectIdentifier(channel)] = nil } }

  var count: Int { channels.withLock { $0.count } }

  func closeAll() {
    for channel in channels.withLock({ Array($0.values) }) { channel.close(promise: nil) }
  }
}
