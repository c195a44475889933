// Puts in what the server sends; without scripts the page shows what was so when it was loaded.
const content = document.querySelector("main");
const source = new EventSource("events");
source.onmessage = (event) => {
  content.innerHTML = event.data;
  document.title = content.querySelector("h1").textContent;
};
source.onopen = () => document.body.classList.remove("lost");
source.onerror = () => document.body.classList.add("lost");
