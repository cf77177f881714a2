extension KafkaConfiguration: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
  /// `name=value` pairs; the values of secret properties are `[redacted]`.
  public var description: String { properties.map(\.description).joined(separator: " ") }

  /// The same as ``description``.
  public var debugDescription: String { description }

  /// Shows no secrets to `dump` either.
  public var customMirror: Mirror { Mirror(self, children: ["properties": description]) }
}

extension KafkaConfiguration.Property: CustomStringConvertible, CustomDebugStringConvertible,
  CustomReflectable
{
  /// `name=value`, or `name=[redacted]`.
  public var description: String { "\(name)=\(isSecret ? "[redacted]" : value)" }

  /// The same as ``description``.
  public var debugDescription: String { description }

  /// Shows no secrets to `dump` either.
  public var customMirror: Mirror { Mirror(self, children: ["property": description]) }

  /// Whether the value must not be shown: passwords, keys, tokens, and everything whose name suggests one.
  public var isSecret: Bool {
    let name = name.lowercased()
    return Self.secretParts.contains { name.contains($0) } || name.hasSuffix(".pem")
  }

  private static let secretParts = [
    "password", "secret", "token", "jaas", "credential", "oauthbearer.config", "oauthbearer.extensions",
  ]
}
