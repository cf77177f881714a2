/// Finds the word that somebody probably meant.
enum Suggestion {
  /// ` Did you mean …?`, or nothing when no candidate is near.
  static func text(for word: String, among candidates: some Sequence<String>) -> String {
    let limit = word.count < 2 ? 0 : max(1, min(3, word.count / 3))
    var best: (distance: Int, candidate: String)?
    for candidate in candidates {
      let distance = distance(word.lowercased(), candidate.lowercased())
      if distance <= limit, distance < best?.distance ?? .max { best = (distance, candidate) }
    }
    return best.map { ". Did you mean `\($0.candidate)`?" } ?? ""
  }

  /// How many characters must be inserted, deleted, replaced or swapped with their neighbour (the restricted
  /// Damerau-Levenshtein distance).
  static func distance(_ first: String, _ second: String) -> Int {
    let a = Array(first.prefix(64))
    let b = Array(second.prefix(64))
    if a.isEmpty || b.isEmpty { return max(a.count, b.count) }
    var beforeLast: [Int] = []
    var last = Array(0...b.count)
    for i in 1...a.count {
      var row = [i]
      for j in 1...b.count {
        var cost = min(last[j] + 1, row[j - 1] + 1, last[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1))
        if i > 1, j > 1, a[i - 1] == b[j - 2], a[i - 2] == b[j - 1] {
          cost = min(cost, beforeLast[j - 2] + 1)
        }
        row.append(cost)
      }
      beforeLast = last
      last = row
    }
    return last[b.count]
  }
}
