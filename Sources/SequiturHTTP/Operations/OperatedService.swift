/// What runs behind an operations door: the port through which the door sees it. All of it is called from any thread, often, and
/// must not wait for what it tells of.
public protocol OperatedService: Sendable {
  /// How it is at this moment.
  func status() -> ServiceStatus

  /// All metrics in Prometheus's text format, and its content type.
  func metrics() -> (contentType: String, text: String)
}
