// The WebSocket client of java.net.http against an echo: java
// WebSocketClient.java URL. Prints what it saw, one "name=value" per line, and
// ends with status 0 when nothing failed.

import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.WebSocket;
import java.nio.ByteBuffer;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

public class WebSocketClient implements WebSocket.Listener {
  private final BlockingQueue<String> events = new LinkedBlockingQueue<>();
  private final StringBuilder text = new StringBuilder();
  private int bytes = 0;

  @Override
  public CompletionStage<?> onText(WebSocket socket, CharSequence data,
                                   boolean last) {
    text.append(data);
    if (last) {
      events.add("text:" + text);
      text.setLength(0);
    }
    socket.request(1);
    return null;
  }

  @Override
  public CompletionStage<?> onBinary(WebSocket socket, ByteBuffer data,
                                     boolean last) {
    bytes += data.remaining();
    if (last) {
      events.add("binary:" + bytes);
      bytes = 0;
    }
    socket.request(1);
    return null;
  }

  @Override
  public CompletionStage<?> onPong(WebSocket socket, ByteBuffer data) {
    events.add("pong:" + data.remaining());
    socket.request(1);
    return null;
  }

  @Override
  public CompletionStage<?> onClose(WebSocket socket, int code,
                                    String reason) {
    events.add("close:" + code);
    return null;
  }

  @Override
  public void onError(WebSocket socket, Throwable error) {
    events.add("error:" + error);
  }

  private void show(String name) throws InterruptedException {
    System.out.println(name + "=" + events.poll(15, TimeUnit.SECONDS));
  }

  private static WebSocket open(URI url, WebSocketClient client) {
    return HttpClient.newHttpClient().newWebSocketBuilder()
        .buildAsync(url, client).join();
  }

  public static void main(String[] arguments) throws Exception {
    var url = URI.create(arguments[0]);
    var client = new WebSocketClient();
    var socket = open(url, client);
    socket.sendText("hello from Java", true).join();
    client.show("text");
    socket.sendText("one ", false).join();
    socket.sendText("two", true).join();
    client.show("fragments");
    socket.sendBinary(ByteBuffer.wrap(new byte[100_000]), true).join();
    client.show("binary");
    socket.sendPing(ByteBuffer.wrap(new byte[] {1, 2, 3})).join();
    client.show("pong");
    socket.sendClose(4321, "bye").join();
    client.show("close");
    System.exit(0); // the client's threads would stay for a while
  }
}
