extension OperationsPage {
  /// Text comes into the page as text only (`textContent`): what others sent is never HTML.
  static let script = #"""
    "use strict"
    const $ = id => document.getElementById(id)
    const put = (id, text) => { const place = $(id); if (place.textContent !== text) place.textContent = text }
    const make = (name, attributes = {}, ...children) => {
      const element = document.createElement(name)
      for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value)
      element.append(...children)
      return element
    }
    const whole = new Intl.NumberFormat("en", { maximumFractionDigits: 0 })
    const short = new Intl.NumberFormat("en", { maximumSignificantDigits: 3, notation: "compact" })
    const count = value => value == null ? "–" : whole.format(value)
    const rate = value => value == null ? "–" : `${value < 100 ? +value.toFixed(1) : count(value)}/s`
    const span = seconds => seconds == null ? "–"
      : seconds < 1 ? `${Math.round(seconds * 1000)} ms` : seconds < 90 ? `${+seconds.toFixed(1)} s`
      : seconds < 5400 ? `${Math.round(seconds / 60)} min` : `${+(seconds / 3600).toFixed(1)} h`
    const size = bytes => bytes == null ? "–" : `${short.format(bytes)}B`
    const sum = object => Object.values(object).reduce((total, value) => total + value, 0)

    const halfHour = 1800
    let points = [], status = null, heardAt = Date.now(), sortBy = "number", isDescending = false

    // Of two points: how much a second a total grew. A total that fell began anew with its worker.
    const grown = (read, before, now) => {
      const time = now.now - before.now, growth = read(now) - read(before)
      return time > 0 && growth >= 0 ? growth / time : null
    }
    const point = status => ({
      now: status.now, accepted: status.accepted, rejected: status.rejected,
      commitMedian: status.commitMedian, commitSlow: status.commitSlow,
      lag: status.partitions.reduce((all, one) => all + (one.lag ?? 0), 0),
      restoring: status.partitions.reduce((all, one) => all + (one.restore?.remaining ?? 0), 0),
    })

    // Each second of the last minute, and a point each five seconds of the half hour.
    const thin = now => {
      let kept = -Infinity
      points = points.filter(one => {
        if (one.now <= now - halfHour) return false
        if (one.now > now - 60) return true
        if (one.now - kept < 4.5) return false
        kept = one.now
        return true
      })
    }

    // MARK: Charts

    const svg = (name, attributes) => {
      const element = document.createElementNS("http://www.w3.org/2000/svg", name)
      for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value)
      return element
    }
    const draw = (id, series, format) => {
      const place = $(id), width = 340, height = 100, end = points.at(-1)?.now ?? 0
      const top = Math.max(1e-9, ...series.flatMap(one => one.values.map(([, value]) => value)))
      const picture = svg("svg", { viewBox: `0 0 ${width} ${height + 14}`, preserveAspectRatio: "none", role: "img" })
      const now = series.map(one => `${one.name} ${format(one.values.at(-1)?.[1])}`)
      picture.setAttribute("aria-label", `now ${now.join(", ")}; at most ${format(top)}`)
      for (const y of [0, 0.5, 1]) {
        picture.append(svg("line", { class: "axis", x1: 0, x2: width, y1: 1 + y * height, y2: 1 + y * height }))
      }
      series.forEach((one, index) => {
        const path = one.values.map(([at, value]) =>
          `${(width * (1 - (end - at) / halfHour)).toFixed(1)},${(1 + height * (1 - value / top)).toFixed(1)}`)
        picture.append(svg("polyline", { class: `s${index % 5}`, points: path.join(" ") }))
      })
      const legend = make("div", { class: "legend" })
      series.forEach((one, index) =>
        legend.append(make("i", { class: `s${index % 5}` }, `— ${one.name} ${format(one.values.at(-1)?.[1])}`)))
      legend.append(make("i", {}, top > 1e-9 ? `top ${format(top)}` : "nothing yet"))
      place.replaceChildren(picture, legend)
    }
    const rates = read => points.slice(1).map((one, index) => [one.now, grown(read, points[index], one)])
      .filter(([, value]) => value != null)
    const values = read => points.map(one => [one.now, read(one)])
    const drawAll = () => {
      draw("chart-rate", [
        { name: "accepted", values: rates(one => one.accepted) },
        { name: "rejected", values: rates(one => sum(one.rejected)) },
      ], rate)
      const codes = Object.keys(points.at(-1)?.rejected ?? {})
        .sort((a, b) => points.at(-1).rejected[b] - points.at(-1).rejected[a]).slice(0, 5)
      draw("chart-codes", codes.map(code => ({ name: code, values: rates(one => one.rejected[code] ?? 0) })), rate)
      draw("chart-commit", [
        { name: "median", values: values(one => one.commitMedian) },
        { name: "1 in 100", values: values(one => one.commitSlow) },
      ], span)
      draw("chart-lag", [
        { name: "waiting", values: values(one => one.lag) },
        { name: "to restore", values: values(one => one.restoring) },
      ], count)
    }

    // MARK: What is so now

    const columns = [
      ["number", "partition", one => one.number, count], ["role", "role", one => one.role, value => value],
      ["lane", "lane", one => one.lane, count], ["position", "position", one => one.position, count],
      ["end", "end", one => one.end, count], ["lag", "lag", one => one.lag, count],
      ["lagSeconds", "behind", one => one.lagSeconds, span],
      ["commitAgeSeconds", "last commit", one => one.commitAgeSeconds, span],
      ["restore", "restore", one => one.restore?.remaining, count],
    ]
    for (const [key, title] of columns) {
      const button = make("button", { type: "button" }, title)
      button.addEventListener("click", () => {
        isDescending = sortBy === key ? !isDescending : key !== "number"
        sortBy = key
        showPartitions()
      })
      $("columns").append(make("th", { scope: "col", "data-key": key }, button))
    }
    const showPartitions = () => {
      const read = columns.find(([key]) => key === sortBy)[2]
      const rows = [...(status?.partitions ?? [])].sort((a, b) => {
        const [x, y] = [read(a) ?? -1, read(b) ?? -1]
        return (x < y ? -1 : x > y ? 1 : a.number - b.number) * (isDescending ? -1 : 1)
      })
      for (const head of $("columns").children) {
        if (head.dataset.key === sortBy) head.setAttribute("aria-sort", isDescending ? "descending" : "ascending")
        else head.removeAttribute("aria-sort")
      }
      $("rows").replaceChildren(...rows.map(one => make("tr", {}, ...columns.map(([key, , read, format]) => {
        if (key === "role") return make("td", { class: one.role }, one.role)
        if (key !== "restore" || !one.restore) return make("td", {}, format(read(one)))
        const { records, remaining, secondsLeft } = one.restore
        const bar = make("progress", { max: records + remaining || 1, value: records })
        return make("td", {}, bar, ` ${secondsLeft == null ? "" : span(secondsLeft) + " left"}`)
      }))))
    }

    const ordinary = new Set(["starting", "stopping", "rebalancing", "restoring"])
    const showTroubles = troubles => {
      const groups = Map.groupBy
        ? Map.groupBy(troubles, one => one.reason)
        : troubles.reduce((map, one) => map.set(one.reason, [...(map.get(one.reason) ?? []), one]), new Map())
      const cards = [...groups.values()].map(group => {
        const partitions = group.map(one => one.partition).filter(one => one != null)
        const where = partitions.length ? `Partition${partitions.length > 1 ? "s" : ""} ${partitions.join(", ")}: ` : ""
        const longest = Math.max(...group.map(one => one.seconds))
        return make("div", { class: ordinary.has(group[0].reason) ? "trouble wait" : "trouble" },
          make("h3", {}, group[0].sentence, ` For ${span(longest)}.`),
          make("p", { class: "detail" }, where + group[0].detail),
          make("p", {}, make("b", {}, "What to do: "), group[0].cure, ` (runbook: ${group[0].reason})`))
      })
      const text = cards.map(card => card.textContent).join()
      if ($("troubles").textContent !== text || !text) $("troubles").replaceChildren(...cards)
    }

    const show = () => {
      document.title = `${status.ready ? "" : "! "}${status.application} – Sequitur`
      put("application", status.application)
      put("about", `${status.service} ${status.version}, up ${span(status.now - status.startedAt)}, ${status.rules ?? ""}`)
      const badge = make("span", { class: `badge ${status.ready ? "good" : "bad"}` }, status.ready ? "ready" : "not ready")
      if ($("state").textContent !== badge.textContent) $("state").replaceChildren(badge)
      showTroubles(status.troubles)
      for (const name of ["commands", "valid", "invalid"]) put(`topic-${name}`, status.topics[name] ?? "")
      const last = points.at(-1), before = points.findLast(one => one.now < last.now - 2) ?? points[0]
      const accepted = grown(one => one.accepted, before, last), rejected = grown(one => sum(one.rejected), before, last)
      put("rate-in", rate(accepted == null ? null : accepted + rejected))
      put("lag-in", `${count(last.lag)} waiting, ${span(Math.max(0, ...status.partitions.map(one => one.lagSeconds)))}`)
      put("rate-out", rate(accepted))
      put("commit", `commit ${span(status.commitMedian)}`)
      put("rate-rejected", rate(rejected))
      const serving = status.partitions.filter(one => one.role === "serving").length
      put("worker-about", `${serving} of ${status.partitions.length} partitions served, store ${size(status.storeBytes)}`)
      showPartitions()
      const settings = status.settings.map(one => make("tr", {}, ...[one.name, one.value, one.source].map(text => make("td", {}, text))))
      if (settings.length !== $("settings").children.length) $("settings").replaceChildren(...settings)
    }

    const lost = () => {
      const seconds = (Date.now() - heardAt) / 1000
      if (seconds < 5) return
      $("state").replaceChildren(make("span", { class: "badge bad" }, "no answer"))
      showTroubles([{
        reason: "no-answer", sentence: "The process does not answer.", seconds: Math.floor(seconds),
        detail: "What is shown below was so before.", cure: "Look whether it runs, and at its log.",
      }])
    }

    const begin = async () => {
      try { points = await (await fetch("history")).json() } catch { points = [] }
      const events = new EventSource("events")
      events.onmessage = event => {
        heardAt = Date.now()
        status = JSON.parse(event.data)
        const next = point(status)
        if (points.length && next.now <= points.at(-1).now) points = points.filter(one => one.now < next.now)
        points.push(next)
        thin(next.now)
        if (!document.hidden) { show(); drawAll() }
      }
      setInterval(lost, 1000)
    }
    begin()

    """#
}
