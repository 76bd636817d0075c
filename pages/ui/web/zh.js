// Streamlit's built-in texts in Chinese: it has no translations of its own (streamlit#1353).
(function () {
  const words = {
    "Skip to main content": "跳到正文",
    "Link to heading": "本节的链接",
    "Fullscreen": "全屏",
    "Close fullscreen": "退出全屏",
    "Exit fullscreen": "退出全屏",
    "Search": "搜索",
    "Type to search": "输入以搜索",
    "Download as CSV": "下载 CSV",
    "Show/hide columns": "选择列",
    "Select all": "全选",
    "Choose an option": "请选择",
    "Choose options": "请选择",
    "No results": "没有相符的选项",
    "No options to select": "没有可选项",
    "Page not found": "没有这个页面",
    "You have requested page": "您请求的页面",
    "The page that you have requested does not seem to exist. Running the app's main page.": "网址中的页面不存在，已打开总览。",
    "Clear value": "清除",
    "Clear all": "全部清除",
    "Open": "打开",
    "Close": "关闭",
    "empty": "（空）",
    "Connecting": "正在连接",
    "Connection error": "连接中断",
    "Is Streamlit still running?": "服务是否仍在运行？正在重新连接……",
    "Running...": "正在计算……",
    "Stop": "停止",
    "Rerun": "重新运行",
    "Press Enter to apply": "按回车确认",
    "Show password text": "显示密码",
    "View fullscreen": "全屏查看",
    "Download plot as a PNG": "存为图片",
    "Help": "说明",
    "Sort ascending": "升序",
    "Sort descending": "降序",
    "Autosize": "自动列宽",
    "Pin column": "固定列",
    "Unpin column": "取消固定",
    "Hide column": "隐藏列",
    "Format": "格式",
    "Main menu": "主菜单",
    "Print": "打印",
    "Settings": "设置",
    "Clear cache": "清除缓存",
    "Record screen": "录屏",
    "Choose a date": "选择日期",
    "Upload": "选择文件",
    "Browse files": "选择文件",
    "Drag and drop file here": "把文件拖到这里",
    "Drag and drop files here": "把文件拖到这里",
    "Drop files here": "松开鼠标即上传",
    "Add files": "换一个文件",
    "Remove file": "移除文件",
    "streamlit_folium.st_folium": "地图", // the title of a map's frame, which screen readers say
  };
  const phrases = [
    [/^(\d+)MB per file(.*)$/, "不超过 $1 MB$2"],
    [/^Limit (\d+)MB per file(.*)$/, "不超过 $1 MB$2"],
    [/^File must be (\d+(?:\.\d+)?)MB or smaller\.?$/, "文件不得超过 $1 MB"],
    [/^(.*) files are not allowed\.?$/, "不接受 $1 文件"],
    [/^(Show\/hide columns|Download as CSV|Search|Fullscreen|Close fullscreen): (.*)$/, // of which table
      (_, word, table) => `${words[word]}：${table}`],
    [/^Remove (.*)$/, "移除 $1"],
    [/^Help for (.*)$/, "说明：$1"], [/^Selected (.*)$/, "已选 $1"]];
  const inChinese = (text) => {
    if (words[text]) return words[text];
    const found = phrases.find(([pattern]) => pattern.test(text));
    return found && text.replace(found[0], found[1]);
  };
  const attributes = ["aria-label", "title", "placeholder", "data-tooltip", "data-title"];
  const translate = (node) => {
    if (node.nodeType === Node.TEXT_NODE) {
      const word = inChinese(node.nodeValue.trim());
      if (word) node.nodeValue = word;
      return;
    }
    if (node.nodeType !== Node.ELEMENT_NODE) return;
    for (const name of attributes) {
      const word = node.hasAttribute(name) && inChinese(node.getAttribute(name));
      if (word) node.setAttribute(name, word);
    }
    node.childNodes.forEach(translate);
  };
  new MutationObserver((changes) => {
    for (const change of changes) {
      if (change.type === "characterData") translate(change.target);
      else if (change.type === "attributes") translate(change.target);
      else change.addedNodes.forEach(translate);
    }
  }).observe(document.documentElement, {
    subtree: true, childList: true, characterData: true, attributes: true, attributeFilter: attributes,
  });
})();
