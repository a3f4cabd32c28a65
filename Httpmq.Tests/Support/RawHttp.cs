using System.Globalization;
using System.Net.Sockets;
using System.Text;

namespace Httpmq.Tests.Support;

/// <summary>HTTP/1.1 over a bare socket, for what a proper client would never send. It reads while it writes, as curl does.</summary>
internal static class RawHttp
{
    /// <summary>Sends head and body; the answer as text, without waiting for the body to be taken.</summary>
    /// <param name="server">Host and port.</param>
    /// <param name="head">Request line and headers, lines split by \n; Host and the blank line are added.</param>
    /// <param name="body">Parts of the body, sent one after the other until the answer is there.</param>
    public static async Task<string> SendAsync(Uri server, string head, IEnumerable<ReadOnlyMemory<byte>>? body = null)
    {
        using var timeLimit = new CancellationTokenSource(Eventually.TimeLimit);
        using var client = new TcpClient();
        await client.ConnectAsync(server.Host, server.Port, timeLimit.Token);
        await using var stream = client.GetStream();
        var text = head.Replace("\n", "\r\n", StringComparison.Ordinal) + $"\r\nHost: {server.Authority}\r\n\r\n";
        await stream.WriteAsync(Encoding.UTF8.GetBytes(text), timeLimit.Token);
        var answer = ReadAnswerAsync(stream, timeLimit.Token);
        try
        {
            foreach (var part in body ?? [])
            {
                if (answer.IsCompleted)
                {
                    break;
                }

                await stream.WriteAsync(part, timeLimit.Token);
            }
        }
        catch (IOException)
        {
            // The server answered and closed; the answer may be there all the same.
        }

        return await answer;
    }

    /// <summary>Sends this and a host, and reads until the server closes.</summary>
    public static Task<string> SendAllAsync(Uri server, string head) =>
        SendExactlyAsync(server, head.Replace("\n", "\r\n", StringComparison.Ordinal) + "\r\nHost: localhost\r\n\r\n");

    /// <summary>Sends nothing but this, and reads until the server closes.</summary>
    public static async Task<string> SendExactlyAsync(Uri server, string request)
    {
        using var timeLimit = new CancellationTokenSource(Eventually.TimeLimit);
        using var client = new TcpClient();
        await client.ConnectAsync(server.Host, server.Port, timeLimit.Token);
        await using var stream = client.GetStream();
        await stream.WriteAsync(Encoding.UTF8.GetBytes(request), timeLimit.Token);
        using var reader = new StreamReader(stream);
        return await reader.ReadToEndAsync(timeLimit.Token);
    }

    public static int StatusOf(string answer) => int.Parse(answer.AsSpan(9, 3), CultureInfo.InvariantCulture);

    private static async Task<string> ReadAnswerAsync(NetworkStream stream, CancellationToken cancellationToken)
    {
        var answer = new StringBuilder();
        var buffer = new byte[64 * 1024];
        while (!IsWhole(answer.ToString()))
        {
            var read = await stream.ReadAsync(buffer, cancellationToken);
            if (read == 0)
            {
                break;
            }

            answer.Append(Encoding.UTF8.GetString(buffer, 0, read));
        }

        return answer.ToString();
    }

    private static bool IsWhole(string answer)
    {
        const string Length = "Content-Length: ";
        var end = answer.IndexOf("\r\n\r\n", StringComparison.Ordinal);
        var length = answer.IndexOf(Length, StringComparison.OrdinalIgnoreCase);
        return end >= 0
            && length >= 0
            && length < end
            && Encoding.UTF8.GetByteCount(answer.AsSpan(end + 4)) >= int.Parse(answer.AsSpan(length + Length.Length,
                answer.IndexOf("\r\n", length, StringComparison.Ordinal) - length - Length.Length), CultureInfo.InvariantCulture);
    }
}
