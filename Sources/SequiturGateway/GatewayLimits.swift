/// What a gateway takes and waits for at most.
enum GatewayLimits {
  /// Outcomes that are kept of each partition for acknowledgements that come after them.
  static let recentOutcomes = 4096
  /// A wait for records; a stop wakes it.
  static let readWait = Duration.milliseconds(100)
  /// How long a request waits for its outcome when it does not say.
  static let wait = Duration.seconds(5)
  /// How long a request may wait.
  static let waitMax = Duration.seconds(60)
  /// What a client that asks for so many seconds gets.
  static func wait(ofSeconds seconds: Int64) -> Duration {
    .seconds(min(seconds, waitMax.components.seconds))
  }
  /// How long the brokers have to acknowledge a command.
  static let deliveryTime = Duration.seconds(10)
  /// Commands that wait for an acknowledgement or an outcome at once.
  static let requestsInFlight = 10_000
  /// The largest payload that is read; the topic may take less.
  static let payloadBytesMax = 16 << 20
  /// Payloads of all requests that are held.
  static let payloadBytesHeld = 256 << 20
  /// The longest value of a header field that is carried to the command.
  static let fieldBytesMax = 4096
  /// How long a search for an old outcome, or a page of the feed, waits for the broker.
  static let fetchTime = Duration.seconds(10)
  /// Events that the live feed keeps for clients that come back, in bytes of each of its two rings.
  static let liveBytes = 16 << 20
  /// Event types that a client of the live feed may ask for.
  static let filterTypes = 100
  /// Between two questions whether the cluster answers, and how long one waits.
  static let pulse = Duration.seconds(2)
  static let pulseTime = Duration.seconds(5)
  /// Threads that fetch records for requests.
  static let fetchers = 4
  /// What one of them asks a broker for at once, and what it holds of answers.
  static let fetchBytes = 256 << 10
  static let fetchedBytes = 4 << 20
  /// Bytes of a page that are held at once; one event may have more.
  static let pageBytes = 512 << 10
  /// Pages that are being sent at once: so many times `pageBytes` is what they take.
  static let pagesAtOnce = 128
  /// Events of a poll's answer, and how long it may wait for one.
  static let pollEvents = 1000
  static let pollWaitMax = Duration.seconds(60)
}
