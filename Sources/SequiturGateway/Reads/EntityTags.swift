/// Lists of entity tags in fields of requests (RFC 9110, 8.8.3 and 13.1).
enum EntityTags {
  /// Whether one of the fields names the tag or is `*`; weak tags are compared as strong ones, as `If-None-Match` asks.
  static func contain(_ fields: [String], _ tag: String) -> Bool {
    fields.flatMap { $0.split(separator: ",") }.contains { part in
      let text = part.trimmed
      return text == "*" || text == tag || text == "W/" + tag
    }
  }
}
