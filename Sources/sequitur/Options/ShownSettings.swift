import KafkaClient
import SequiturHTTP
import SequiturSettings

extension ServiceStatus.Setting {
  /// All that a command has asked of its settings, and librdkafka's properties: those that hold a secret are masked.
  static func all(_ kafka: KafkaSettings) -> [ServiceStatus.Setting] {
    var shown = kafka.settings.record.all.map {
      ServiceStatus.Setting(name: $0.name, value: $0.value, source: $0.source.rawValue)
    }
    for property in kafka.properties.properties {
      shown.append(
        ServiceStatus.Setting(
          name: "kafka.\(property.name)", value: property.isSecret ? "[redacted]" : property.value,
          source: kafka.sources[property.name] ?? "flag"))
    }
    return shown
  }
}
