
"use strict";
/* Selecting, finding, folding and sorting what the page shows without this as well. */
(function () {
	const plot = document.getElementById("plot");
	const find = document.getElementById("find");
	const said = document.getElementById("said");
	const clear = document.getElementById("clear");
	const n = plot ? Number(plot.dataset.n) : 0, width = plot ? Number(plot.dataset.width) : 1;
	const rows = [];
	let from = -1, to = -1, anchor = -1, cursor = -1, pick = null;

	for (const table of document.querySelectorAll("table.filter"))
		rows.push([table, Array.from(table.tBodies[0].rows)]);

	/* Matching rows; of a tree dimly also those above them, and none that is folded away. */
	function show() {
		const word = find.value.trim().toLowerCase();
		const a = from * width, z = (to + 1) * width, all = from < 0 && !word;
		let seen = 0, total = 0;

		for (const [table, list] of rows) {
			const tree = table.classList.contains("tree");
			let need = 0;

			for (let i = list.length - 1; i >= 0; i--) {
				const row = list[i], depth = Number(row.dataset.d);
				const hit = all || ((from < 0 || (Number(row.dataset.a) < z && Number(row.dataset.z) >= a)) &&
					(!word || row.textContent.toLowerCase().includes(word)));
				const context = tree && !hit && depth < need;

				row.hidden = !hit && !context;
				row.classList.toggle("context", context);
				if (hit || context)
					need = depth;
				total++;
				seen += hit;
			}
			if (tree)
				unfold(list);
		}
		said.textContent = all ? "" : seen + " of " + total + " rows" +
			(from < 0 ? "" : ", " + clock(from) + " to " + clock(to + 1));
		clear.disabled = all;
		mark();
	}

	/* Where a bar begins. */
	function clock(bar) {
		const time = new Date(Number(plot.dataset.begin) + bar * width).toISOString();

		return width < 1000 ? time.slice(11, 23) : width < 3600000 ? time.slice(11, 19) : time.slice(5, 16).replace("T", " ");
	}

	function unfold(list) {
		let under = Infinity;

		for (const row of list) {
			const depth = Number(row.dataset.d);

			if (depth > under)
				row.hidden = true;
			else
				under = row.classList.contains("folded") ? depth : Infinity;
		}
	}

	function mark() {
		if (!pick)
			return;
		pick.setAttribute("x", (from < 0 ? 0 : 100 * from / n) + "%");
		pick.setAttribute("width", (from < 0 ? 0 : 100 * (to - from + 1) / n) + "%");
	}

	function select(a, b) {
		from = Math.max(0, Math.min(a, b));
		to = Math.min(n - 1, Math.max(a, b));
		show();
	}

	function reset() {
		from = to = anchor = cursor = -1;
		find.value = "";
		show();
	}

	function at(event) {
		const box = plot.querySelector("svg").getBoundingClientRect();

		return Math.max(0, Math.min(n - 1, Math.floor((event.clientX - box.left) / box.width * n)));
	}

	function keys(event) {
		const step = { ArrowLeft: -1, ArrowRight: 1, Home: -n, End: n }[event.key];

		if (event.key === "Escape")
			reset();
		if (!step)
			return;
		event.preventDefault();
		if (cursor < 0)
			cursor = step > 0 ? -1 : n;
		cursor = Math.max(0, Math.min(n - 1, cursor + step));
		if (!event.shiftKey || anchor < 0)
			anchor = cursor;
		select(anchor, cursor);
	}

	if (plot && n) {
		const svg = plot.querySelector("svg");
		let drag = false;

		pick = document.createElementNS("http://www.w3.org/2000/svg", "rect");
		pick.setAttribute("class", "pick");
		pick.setAttribute("y", "0");
		pick.setAttribute("height", svg.getAttribute("height"));
		svg.prepend(pick);
		plot.tabIndex = 0;
		plot.setAttribute("role", "group");
		plot.setAttribute("aria-labelledby", "timeline-said");
		plot.addEventListener("pointerdown", function (event) {
			drag = true;
			anchor = cursor = at(event);
			select(anchor, cursor);
		});
		plot.addEventListener("pointermove", function (event) {
			if (drag)
				select(anchor, cursor = at(event));
		});
		window.addEventListener("pointerup", function () { drag = false; });
		plot.addEventListener("keydown", keys);
	}

	/* A process with others below it can be folded. */
	for (const [table, list] of rows) {
		if (!table.classList.contains("tree"))
			continue;
		list.forEach(function (row, i) {
			const button = document.createElement("button");

			if (i + 1 === list.length || Number(list[i + 1].dataset.d) <= Number(row.dataset.d))
				return;
			button.type = "button";
			button.className = "fold";
			button.textContent = "\u2212";
			button.setAttribute("aria-label", "Processes below");
			button.setAttribute("aria-expanded", "true");
			button.addEventListener("click", function () {
				const folded = row.classList.toggle("folded");

				button.textContent = folded ? "+" : "\u2212";
				button.setAttribute("aria-expanded", String(!folded));
				show();
			});
			row.querySelector(".cmd > div").prepend(button);
		});
	}

	function value(row, column) {
		const cell = row.cells[column], time = cell.querySelector("time");

		return time ? time.dateTime : cell.textContent;
	}

	function sort(table, head) {
		const down = head.getAttribute("aria-sort") !== "descending", column = head.cellIndex;
		const numbers = head.classList.contains("n"), body = table.tBodies[0];
		const list = Array.from(body.rows).map(function (row) {
			const text = value(row, column);

			return [numbers ? Number(text.replace(/[^0-9]/g, "")) : text, row];
		});

		list.sort(function (a, b) { return (a[0] < b[0] ? -1 : a[0] > b[0] ? 1 : 0) * (down ? -1 : 1); });
		for (const other of table.tHead.rows[0].cells)
			other.removeAttribute("aria-sort");
		head.setAttribute("aria-sort", down ? "descending" : "ascending");
		body.append.apply(body, list.map(function (item) { return item[1]; }));
	}

	for (const table of document.querySelectorAll("table.sort"))
		for (const head of table.tHead.rows[0].cells) {
			const button = document.createElement("button");

			button.type = "button";
			button.append.apply(button, Array.from(head.childNodes));
			button.addEventListener("click", sort.bind(null, table, head));
			head.append(button);
		}

	clear.disabled = true;
	clear.addEventListener("click", reset);
	find.addEventListener("input", show);
	document.documentElement.classList.add("js");
})();
