import KafkaClient
import Logging

extension KafkaError {
  /// For a line of the log: what happened and, where that is known, what to do.
  var logged: Logger.Metadata {
    var metadata: Logger.Metadata = ["error": "\(self)"]
    if let cure { metadata["cure"] = "\(cure)" }
    return metadata
  }
}
