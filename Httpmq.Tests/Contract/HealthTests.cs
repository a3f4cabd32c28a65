namespace Httpmq.Tests.Contract;

/// <summary>Sections 3 and 4: the health routes, with NATS there. Without it: <see cref="OutageTests"/>.</summary>
[TestFixture("1.1")]
[TestFixture("2.0")]
internal sealed class HealthTests(string version) : ContractTest(version)
{
    [Test]
    public async Task Alive_OnBothPorts_Is200WithNothingElse()
    {
        var management = (await ManageAsync("GET", "/v1/admin/alive")).Expect(200);
        var dataplane = (await DataAsync("GET", "/v1/data/alive")).Expect(200);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(management.Text, Is.EqualTo($$"""{"success":true,"request_id":"{{management.RequestId}}"}"""));
            Assert.That(dataplane.Text, Is.EqualTo($$"""{"success":true,"request_id":"{{dataplane.RequestId}}"}"""));
        }
    }

    [Test]
    public async Task Head_OfAliveAndReady_Is200WithoutBody()
    {
        WireAnswer[] answers =
        [
            await ManageAsync("HEAD", "/v1/admin/alive"), await ManageAsync("HEAD", "/v1/admin/ready"),
            await DataAsync("HEAD", "/v1/data/alive"), await DataAsync("HEAD", "/v1/data/ready"),
        ];
        Assert.That(answers.Select(answer => (answer.Status, answer.Text, answer.Header("Content-Type"))), Is.All.EqualTo(
            (200, string.Empty, "application/json")));
    }

    [Test]
    public async Task Ready_WithJetStream_Is200()
    {
        (await ManageAsync("GET", "/v1/admin/ready")).Expect(200);
        (await DataAsync("GET", "/v1/data/ready")).Expect(200);
    }
}
