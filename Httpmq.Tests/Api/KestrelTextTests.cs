using System.Net.Sockets;
using System.Text;
using Httpmq.Api.Http;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Httpmq.Tests.Api;

/// <summary>The texts of the server that this build uses.</summary>
internal sealed class KestrelTextTests
{
    [TestCase("Bad chunk size data.", KestrelError.BadChunk)]
    [TestCase("Unexpected end of request content.", KestrelError.EndOfConnection)]
    [TestCase("Invalid request target: '/\\x00'", KestrelError.BadTarget)]
    [TestCase("Request headers too long.", KestrelError.Other)]
    public void Read_TextOfTheServer_IsKnown(string text, object expected) =>
        Assert.That(KestrelText.Read(new BadHttpRequestException(text)), Is.EqualTo(expected));

    [TestCase(KestrelError.BadChunk, "zz\r\n")]
    [TestCase(KestrelError.EndOfConnection, "5\r\nab")]
    public async Task Read_WhatTheServerSays_IsStillSaidInTheseWords(object expected, string body)
    {
        var said = new TaskCompletionSource<BadHttpRequestException>();
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        await using var app = builder.Build();
        app.Run(async context =>
        {
            try
            {
                await context.Request.Body.CopyToAsync(Stream.Null);
            }
            catch (BadHttpRequestException exception)
            {
                said.TrySetResult(exception);
            }
        });
        await app.StartAsync();
        using var socket = new TcpClient();
        await socket.ConnectAsync("127.0.0.1", new Uri(app.Urls.Single()).Port);
        await socket.GetStream()
            .WriteAsync(Encoding.ASCII.GetBytes($"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n{body}"));
        socket.Client.Shutdown(SocketShutdown.Send);

        Assert.That(KestrelText.Read(await said.Task.WaitAsync(TimeSpan.FromSeconds(30))), Is.EqualTo(expected));
    }
}
