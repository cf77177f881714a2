import CRdKafka

/// A client's properties in the order they were given, under the names librdkafka's CONFIGURATION.md lists.
///
/// Nothing is checked before ``validate()`` or the making of a client. Values of secret properties never appear
/// in ``description``, in errors or in this module's logs.
public struct KafkaConfiguration: Sendable, Hashable, ExpressibleByDictionaryLiteral {
  /// The properties, in order, each name once.
  public private(set) var properties: [Property] = []

  /// A property: name and value as librdkafka takes them.
  public struct Property: Sendable, Hashable {
    /// The name, such as `bootstrap.servers`.
    public let name: String
    /// The value as text, such as `5000` or `true`.
    public let value: String
  }

  /// A configuration without properties: librdkafka's defaults.
  public init() {}

  /// A configuration from name–value pairs; of a repeated name, the last value counts.
  public init(dictionaryLiteral elements: (String, String)...) {
    for (name, value) in elements { self[name] = value }
  }

  /// A property's value. Setting nil removes it, so that librdkafka's default holds; a new name goes last.
  public subscript(name: String) -> String? {
    get { properties.first { $0.name == name }?.value }
    set {
      let index = properties.firstIndex { $0.name == name }
      switch (index, newValue) {
      case (let index?, let value?): properties[index] = Property(name: name, value: value)
      case (let index?, nil): properties.remove(at: index)
      case (nil, let value?): properties.append(Property(name: name, value: value))
      case (nil, nil): break
      }
    }
  }

  /// This configuration with another one's properties over it: of equal names, the other's value counts.
  public func merging(_ other: KafkaConfiguration) -> KafkaConfiguration {
    var merged = self
    for property in other.properties { merged[property.name] = property.value }
    return merged
  }

  /// Shows every property to librdkafka (`rd_kafka_conf_set`), without making a client.
  ///
  /// Checks names and single values, and that numbers are plain decimals (librdkafka would take `30s` for 30, and
  /// `060000` for an octal number). Relations between properties are checked when a client is made.
  /// - Throws: `invalidArgument` naming the first property that was refused (``KafkaError/property``), and why.
  public func validate() throws(KafkaError) {
    rd_kafka_conf_destroy(try makeConf())
  }

  /// A new `rd_kafka_conf_t`, which the caller owns.
  func makeConf() throws(KafkaError) -> OpaquePointer {
    try checkServers()
    try checkSecurity()
    let conf: OpaquePointer = rd_kafka_conf_new()
    for property in properties {
      do throws(KafkaError) {
        try property.set(on: conf)
      } catch {
        rd_kafka_conf_destroy(conf)
        throw error
      }
    }
    return conf
  }

  /// This configuration under the given defaults.
  func defaulting(to defaults: KafkaConfiguration) -> KafkaConfiguration { defaults.merging(self) }
}

extension KafkaConfiguration.Property {
  fileprivate func set(on conf: OpaquePointer) throws(KafkaError) {
    if let fault = KafkaProperties.numberFault(name, value) ?? KafkaProperties.lengthFault(name, value) {
      throw .refusedProperty(name, fault)
    }
    var result = RD_KAFKA_CONF_OK
    let text = KafkaError.withErrorText { result = rd_kafka_conf_set(conf, name, value, $0, $1) }
    guard result != RD_KAFKA_CONF_OK else { return }
    // librdkafka's text may quote the value, even half of it: a secret property gets a text of our own.
    let reason =
      switch (isSecret, result) {
      case (false, _): text
      case (true, RD_KAFKA_CONF_UNKNOWN): "there is no such property"
      case (true, _): "its value, not shown here, is not valid"
      }
    throw .refusedProperty(name, reason)
  }
}
