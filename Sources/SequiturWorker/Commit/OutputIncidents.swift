/// What is refused at the moment, by lane, and when it is told: each kind once, again at times, and its end.
///
/// Time is a duration since any fixed moment.
struct OutputIncidents: Sendable {
  /// What follows from a refusal.
  struct Told: Sendable, Hashable {
    /// How long to wait before the next try.
    let pause: Duration
    /// Whether to tell it: it is new, or has lasted for long.
    let isToBeTold: Bool
  }

  private struct Incident {
    var kind: String
    var text: String
    /// Refusals in a row.
    var count = 0
  }

  private var incidents: [String: Incident] = [:]
  private var toldAt: [String: Duration] = [:]

  /// What the first lane met; nil: nothing is refused.
  var text: String? { incidents.sorted { $0.key < $1.key }.first?.value.text }

  /// A lane's outcomes are refused.
  ///
  /// - Parameters:
  ///   - kind: what is told once, whichever lane meets it.
  ///   - text: where, why, and the cure.
  mutating func refused(_ lane: String, kind: String, text: String, at now: Duration) -> Told {
    var incident = incidents[lane] ?? Incident(kind: kind, text: text)
    (incident.kind, incident.text) = (kind, text)
    incident.count += 1
    incidents[lane] = incident
    let isToBeTold = toldAt[kind].map { now - $0 >= IncidentLimits.reportInterval } ?? true
    if isToBeTold { toldAt[kind] = now }
    return Told(pause: Self.pause(incident.count), isToBeTold: isToBeTold)
  }

  /// A lane's outcomes are taken: whether that ends the last incident.
  mutating func accepted(_ lane: String) -> Bool {
    guard incidents.removeValue(forKey: lane) != nil else { return false }
    let kinds = Set(incidents.values.map(\.kind))
    toldAt = toldAt.filter { kinds.contains($0.key) }
    return incidents.isEmpty
  }

  var isEmpty: Bool { incidents.isEmpty }

  /// 0.2 s, 0.4 s, … 10 s.
  private static func pause(_ count: Int) -> Duration {
    min(.milliseconds(100) * (1 << min(count, 7)), IncidentLimits.pauseMax)
  }
}
