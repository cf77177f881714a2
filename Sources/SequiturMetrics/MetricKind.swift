/// What a metric's values mean.
public enum MetricKind: Sendable, Hashable {
  /// Only grows, while the process lives.
  case counter
  /// Goes up and down.
  case gauge
  /// How many values were at most so large, for each of these bounds; ascending, without infinity.
  case histogram([Double])

  /// As Prometheus names it.
  public var name: String {
    switch self {
    case .counter: "counter"
    case .gauge: "gauge"
    case .histogram: "histogram"
    }
  }

  /// Bounds for times from a millisecond to a minute, in seconds.
  public static let times: MetricKind = .histogram([
    0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60,
  ])

  /// Bounds for counts from 1 to a million.
  public static let counts: MetricKind = .histogram([
    1, 10, 100, 500, 1000, 2500, 5000, 10_000, 25_000, 50_000, 100_000, 1_000_000,
  ])

  /// Bounds for sizes from 1 KiB to 64 MiB, in bytes.
  public static let sizes: MetricKind = .histogram(
    (0...8).map { Double(1024 << (2 * $0)) })
}
