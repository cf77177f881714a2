/// How far two words are from each other.
package enum EditDistance {
  /// Only so many scalars of a word are worth a look.
  package static let scalarsMax = 64

  /// A word's beginning, whatever its case.
  package static func scalars(_ word: String) -> [Unicode.Scalar] {
    let start = String(String.UnicodeScalarView(word.unicodeScalars.prefix(scalarsMax)))
    return Array(start.lowercased().unicodeScalars)
  }

  /// How many scalars must be inserted, deleted, replaced or swapped with their neighbour (the restricted
  /// Damerau-Levenshtein distance): `lanes` and `lnaes` are 1 apart.
  package static func between(_ a: [Unicode.Scalar], _ b: [Unicode.Scalar]) -> Int {
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
