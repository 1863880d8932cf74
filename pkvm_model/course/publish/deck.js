/* global mountStored */
// In a block, since the front end uses some of these names.
{
  const slides = [...document.querySelectorAll(".slide")],
    page = document.documentElement;
  const links = [...document.querySelectorAll(".overview a")];
  let at = 0;

  // Widgets are drawn when their slide is first shown: a hidden picture has no size.
  function fill(slide) {
    for (const place of slide.querySelectorAll(".widget-here:not(.filled)")) {
      place.classList.add("filled");
      mountStored(place, JSON.parse(place.querySelector("script").textContent));
    }
  }

  const WALKS = ".pkvm-walk,.pkvm-finder,.pkvm-sequence";

  // The room sees a slide from afar. A bench is drawn for 1280 by 720 and grows with the window; text grows until the
  // slide is full, and becomes smaller only where it would have to scroll.
  function fit(slide) {
    const scale = Math.min(innerWidth / 1280, innerHeight / 720);
    const drawn = slide.querySelector(WALKS);
    let [low, high] = innerWidth < 700 ? [1, 1] : drawn ? [0.6 * scale, scale] : [0.6 * scale, 2.2 * scale];
    slide.style.zoom = high;
    if (fits(slide)) return;
    while (high - low > 0.01) {
      const middle = (low + high) / 2;
      slide.style.zoom = middle;
      if (fits(slide)) low = middle;
      else high = middle;
    }
    slide.style.zoom = low;
  }

  const scrolls = (element) => element.scrollWidth > element.clientWidth;

  function fits(slide) {
    const bottom = document.querySelector(".turns").getBoundingClientRect().top - 4;
    const wide = [page, ...slide.querySelectorAll(".sideways,[style*='overflow-x']")].some(scrolls);
    return !wide && slide.getBoundingClientRect().bottom + scrollY <= bottom;
  }

  function show(number) {
    at = Math.min(Math.max(number, 0), slides.length - 1);
    page.classList.remove("all");
    slides.forEach((slide, each) => slide.classList.toggle("now", each === at));
    fill(slides[at]);
    fit(slides[at]);
    const heading = slides[at].querySelector(".title");
    document.querySelector(".turns output").textContent = `${slides[at].dataset.part} · ${at + 1} of ${slides.length}`;
    document.title = `${at + 1}. ${heading.textContent}`;
    history.replaceState(null, "", `#slide-${at + 1}`);
    heading.focus({ preventScroll: true });
    scrollTo(0, 0);
  }

  // On paper every slide is seen, so every widget has to be drawn, and for that its slide has to be shown.
  function fillAll() {
    for (const slide of slides) {
      slide.classList.add("now");
      fill(slide);
      slide.classList.toggle("now", slide === slides[at]);
    }
  }

  function overview() {
    page.classList.toggle("all");
    if (page.classList.contains("all")) links[at].focus();
    else show(at);
  }

  const slideOfAddress = () => Number(/^#slide-(\d+)$/.exec(location.hash)?.[1] ?? 1) - 1;
  const steps = { ArrowRight: 1, ArrowDown: 1, PageDown: 1, " ": 1, ArrowLeft: -1, ArrowUp: -1, PageUp: -1 };

  function inOverview(key) {
    const here = links.indexOf(document.activeElement);
    const next = { Home: 0, End: links.length - 1 }[key] ?? here + (steps[key] ?? 0);
    links[Math.min(Math.max(next, 0), links.length - 1)].focus();
  }

  // A key pressed in a widget belongs to the widget, which stops all of them; so the keys that leave a slide are
  // caught on their way in.
  document.addEventListener(
    "keydown",
    (event) => {
      const { key, target } = event;
      if (event.ctrlKey || event.altKey || event.metaKey) return;
      const inside = target.closest(".widget-here"),
        control = target.closest("button,input,select,textarea,summary");
      const known = key in steps || key === "Home" || key === "End" || key === "Escape";
      if (!known || (inside && !/^(Page|Escape)/.test(key)) || (control && key === " ")) return;
      event.preventDefault();
      if (inside && key === "Escape") slides[at].querySelector(".title").focus();
      else if (key === "Escape") overview();
      else if (page.classList.contains("all")) inOverview(key);
      else show(key === "Home" ? 0 : key === "End" ? slides.length - 1 : at + steps[key]);
    },
    true,
  );
  document.querySelector(".back").addEventListener("click", () => show(at - 1));
  document.querySelector(".on").addEventListener("click", () => show(at + 1));
  document.querySelector(".list").addEventListener("click", overview);
  addEventListener("hashchange", () => show(slideOfAddress()));
  addEventListener("resize", () => fit(slides[at]));
  addEventListener("beforeprint", fillAll);
  page.classList.add("deck");
  show(slideOfAddress());
}
