/// What a request would do, as whoever decides whether its sender may sees it.
public enum HTTPAccess: Sendable, Hashable {
  /// Asks whether the process lives, or could serve: nobody is asked who they are.
  case open
  /// Anything that whoever is known may do; the route itself asks for more where it must (``HTTPCall/demand(_:)``).
  case known
  /// Looks at how the service is: metrics, status, settings.
  case operate
  /// Reads an object, or any object where the key is nil.
  case read(key: [UInt8]?)
  /// Sends a command to an object. Nil: any key, any command.
  case write(key: [UInt8]?, command: String?)
  /// Asks what became of a command to an object: for who may read it, and for who may send it any command.
  case outcome(key: [UInt8])
}
