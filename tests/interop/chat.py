"""pydantic-ai goes on with a conversation that `converse chat` saved, and saves it in the same place.

    python chat.py URL MODEL FILE
"""

import sys
from pathlib import Path

from pydantic_ai import Agent
from pydantic_ai.messages import ModelMessagesTypeAdapter
from pydantic_ai.models.bedrock import BedrockConverseModel
from pydantic_ai.providers.bedrock import BedrockProvider

url, model, path = sys.argv[1], sys.argv[2], Path(sys.argv[3])
provider = BedrockProvider(
    base_url=url,
    region_name="us-east-1",
    aws_access_key_id="AKIDEXAMPLE",
    aws_secret_access_key="wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
)
history = ModelMessagesTypeAdapter.validate_json(path.read_bytes())
agent = Agent(BedrockConverseModel(model, provider=provider))
result = agent.run_sync("And from Python", message_history=history)
path.write_bytes(ModelMessagesTypeAdapter.dump_json(result.all_messages()))
print(result.output)
